// @ts-check
/** Which lines show a time: the first of each minute, as in a conversation by text. Pure. */
import { clockTimes } from './timeline.js';

/** @typedef {import('../caption/caption-lines.js').Line} Line */

const MINUTE_MS = 60_000;

/**
 * @param {readonly Line[]} lines in reading order
 * @param {(ms: number) => string} clock writes a moment, given in milliseconds since the epoch
 * @returns {Map<string, string>} by key
 */
export function lineStamps(lines, clock) {
  const times = clockTimes(lines);
  const stamps = new Map();
  let minute = Number.NaN;
  for (const { key, kind } of lines) {
    const time = times.get(key);
    if (kind === 'gap' || time === undefined || Math.floor(time / MINUTE_MS) === minute) continue;
    minute = Math.floor(time / MINUTE_MS);
    stamps.set(key, clock(time));
  }
  return stamps;
}
