// @ts-check
/**
 * When to come back after a lost connection, and when not to. Pure; it must not know about sockets.
 */

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
/** While a session waits to be resumed, each second away is a second without captions. */
const EAGER_BACKOFF_MS = 750;

/** Closes that coming back cannot mend: the session is over, or a page speaks the wrong language. */
const NEVER_RETRY = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010]);

/**
 * 4000 to 4499 mean "come back", 4500 to 4999 mean "do not".
 *
 * @param {number} code WebSocket close code; 1006 when the connection just broke
 * @returns {boolean}
 */
export function mayReconnect(code) {
  return !NEVER_RETRY.has(code) && !(code >= 4500 && code <= 4999);
}

/**
 * Exponential back-off with full jitter, so that the clients of a restarted server do not all
 * come back in the same moment. What the server asked for comes on top of it.
 *
 * @param {number} attempt 0 for the first retry
 * @param {number} random 0 ≤ random < 1
 * @param {number} retryAfterMs the pause the server asked for; 0 for none
 * @param {boolean} isEager whether the pauses are not to grow
 * @returns {number} milliseconds to wait
 */
export function retryDelay(attempt, random, retryAfterMs, isEager = false) {
  const growing = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
  const ceiling = isEager ? Math.min(EAGER_BACKOFF_MS, growing) : growing;
  return retryAfterMs + random * ceiling;
}
