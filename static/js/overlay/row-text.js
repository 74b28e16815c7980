// @ts-check
/** What text comes to in a row: whether there is room for it, and what stands in front of it. Pure. */
import { columns, gapBetween, piecesOf } from './pieces.js';

/**
 * @typedef {import('./row-stack.js').Row} Row
 * @typedef {(text: string) => boolean} Fits whether a row may hold a text, besides its width in
 *   characters; must always say the same of the same text
 */

/**
 * @param {Row} row
 * @param {string} tail that stands in it already
 * @param {string} piece
 * @param {boolean} joins whether the row's words are another utterance's
 * @returns {string} the piece, with the space that belongs in front of it there
 */
export function behind(row, tail, piece, joins) {
  if (tail !== '') return piece;
  if (row.committed.length === 0) return piece.trimStart();
  return joins ? gapBetween(row.committed[row.committed.length - 1], piece) + piece : piece;
}

/**
 * @param {Row} row
 * @param {string} more
 * @param {number} width in characters
 * @param {Fits} fits
 * @returns {boolean} always for the first piece of an empty row: it has to stand somewhere
 */
export function hasRoom(row, more, width, fits) {
  const text = row.name + row.committed.join('') + more;
  if (columns(text) <= width && fits(text)) return true;
  return row.committed.length === 0 && row.name === '' && piecesOf(more, width).length < 2;
}

/** @param {string} speaker @param {number} width of a row @returns {string} at most half of it */
export function nameIn(speaker, width) {
  const most = Math.floor(width / 2) - 2;
  return `${columns(speaker) > most ? `${piecesOf(speaker, most - 1)[0]}…` : speaker}: `;
}
