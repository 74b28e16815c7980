// @ts-check
/**
 * What this browser has shown to the end, remembered over reloads: OBS may reload the page with
 * every change of scene, and captions that had faded must not flash up again. What was still to be
 * read is shown once more.
 */
import { keepStored, readStored } from '../page/stored.js';

/** @typedef {import('../net/protocol.js').Snapshot} Snapshot */

/** @param {string} room */
const nameFor = (room) => `overlay-shown-${room}`;

/** @param {string} room @param {number} offset up to which everything has been shown and has faded */
export function rememberShown(room, offset) {
  if (offset >= 0) keepStored(nameFor(room), String(offset));
}

/** @param {string} room @param {Snapshot} snapshot @returns {boolean} */
export function wasShownBefore(room, { offset, open_utterances }) {
  return open_utterances.length === 0 && readStored(nameFor(room)) === String(offset);
}
