// @ts-check
/**
 * What a viewer is to know about the room and the connection, as one of a few states, each with its
 * words. Pure; it must not know the page or sockets.
 */

/**
 * @typedef {import('../net/reconnecting-socket.js').Loss} Loss
 * @typedef {import('../net/diagnose.js').Diagnosis} Diagnosis
 * @typedef {{publishers: number, detached: number}} Presence
 *
 * @typedef {"connecting" | "live" | "live-without" | "nobody" | "speaker-lost" | "lost" |
 *   "ended"} WatchState
 *   live-without: someone speaks, someone else has lost the connection
 * @typedef {"revoked" | "needs-link" | "refused" | "version" | "bad-room"} Ending why a page will show no more
 * @typedef {"offline" | "unreachable" | "full" | "restarting"} Reason why it is not connected
 *
 * @typedef {object} Connection
 * @property {"connecting" | "open" | "lost" | "ended"} link
 * @property {Presence | null} presence null until the server says who is there
 */

/** @param {Connection} connection @returns {WatchState} */
export function watchState({ link, presence }) {
  if (link !== 'open') return link;
  if (presence === null) return 'live';
  if (presence.publishers > 0) return presence.detached > 0 ? 'live-without' : 'live';
  return presence.detached > 0 ? 'speaker-lost' : 'nobody';
}

/** States in which words may come at any moment, so that the screen is to stay on. */
export const AWAKE = new Set(['live', 'live-without', 'speaker-lost', 'lost']);

/** @type {Record<number, Ending>} */
const ENDINGS = { 4501: 'revoked', 4503: 'refused', 4504: 'refused' };

/** @param {Loss} loss for good @returns {Ending} */
export function endingOf({ code, error }) {
  if (error?.code === 'key_required') return 'needs-link';
  return ENDINGS[code] ?? 'version';
}

/** @type {Partial<Record<number, Reason>>} */
const REASONS = { 1001: 'restarting', 1012: 'restarting', 1013: 'full' };

/** @param {Loss} loss @returns {Reason | null} as far as the close says it */
export function reasonOf({ code }) {
  return REASONS[code] ?? null;
}

/** @param {Diagnosis} diagnosis @param {boolean} isOnline @returns {Reason} */
export function reasonOfDiagnosis(diagnosis, isOnline) {
  if (!isOnline) return 'offline';
  if (diagnosis === 'full') return 'full';
  return diagnosis === 'draining' || diagnosis === 'loading' ? 'restarting' : 'unreachable';
}
