// @ts-check
/**
 * Why a WebSocket did not open. Browsers hide the reason of a refused handshake, so the server's
 * readiness page is asked instead.
 */

/** @typedef {"unreachable" | "loading" | "draining" | "failed" | "full" | "refused"} Diagnosis */

/** What `/readyz` may say. @type {ReadonlySet<string>} */
const STATUSES = new Set(['loading', 'draining', 'failed']);

/**
 * @param {(url: string, init: RequestInit) => Promise<Response>} request
 * @returns {Promise<Diagnosis>} "refused" when the server says that it is well
 */
export async function diagnose(request = (url, init) => fetch(url, init)) {
  try {
    const response = await request('/readyz', {
      cache: 'no-store',
      signal: AbortSignal.timeout(5000),
    });
    if (response.ok) return 'refused';
    if (response.status !== 503 && response.status !== 429) return 'unreachable';
    const { status } = await response.json();
    if (status === 'restarting') return 'loading'; // the model alone; the server is there
    return STATUSES.has(status) ? status : 'full';
  } catch {
    return 'unreachable';
  }
}
