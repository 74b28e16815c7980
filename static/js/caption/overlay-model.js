// @ts-check
/**
 * What an overlay shows at a moment: the last few lines, until nothing new came for a while; when
 * speech begins again, the lines that had faded away do not come back with it.
 *
 * Pure; time is an argument. It must not know about sockets or the page.
 */
import { textOf } from './caption-lines.js';
import { applyEvent, NO_CAPTIONS } from './caption-model.js';

/**
 * @typedef {import('./caption-model.js').Captions} Captions
 * @typedef {import('./caption-lines.js').Line} Line
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 *
 * @typedef {object} Overlay
 * @property {Captions} captions
 * @property {number} changedAt milliseconds, of the last change of text
 * @property {ReadonlySet<string>} faded keys of lines that were shown long enough
 */

/** @type {Overlay} */
export const NO_OVERLAY = { captions: NO_CAPTIONS, changedAt: 0, faded: new Set() };

/**
 * @param {Overlay} overlay
 * @param {CaptionMessage} event
 * @param {number} now milliseconds
 * @param {number} holdMs how long the last text stays; 0 keeps it for ever
 * @returns {Overlay}
 */
export function applyToOverlay(overlay, event, now, holdMs) {
  const captions = applyEvent(overlay.captions, event);
  if (!showsOther(overlay.captions.lines, captions.lines)) return { ...overlay, captions };
  const faded = isQuiet(overlay, now, holdMs) ? closedKeys(overlay.captions.lines) : overlay.faded;
  return { captions, changedAt: now, faded };
}

/** @param {readonly Line[]} before @param {readonly Line[]} after */
function showsOther(before, after) {
  if (before.length !== after.length) return true;
  return after.some((line, i) => line !== before[i] && textOf(line) !== textOf(before[i]));
}

/** @param {readonly Line[]} lines */
function closedKeys(lines) {
  return new Set(lines.filter((line) => line.kind === 'gap' || line.closed).map(({ key }) => key));
}

/**
 * @param {Overlay} overlay
 * @param {number} now milliseconds
 * @param {number} holdMs 0 for never
 * @returns {boolean} whether what is shown should have faded by now
 */
export function isQuiet(overlay, now, holdMs) {
  return holdMs > 0 && now - overlay.changedAt >= holdMs;
}

/**
 * @param {Overlay} overlay
 * @param {number} count
 * @returns {Line[]} the last `count` lines that have text; gaps are not for an audience
 */
export function overlayLines(overlay, count) {
  return overlay.captions.lines
    .filter((line) => textOf(line) !== '' && !overlay.faded.has(line.key))
    .slice(-count);
}
