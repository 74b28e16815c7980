// @ts-check
/**
 * A sentence broken into lines that are easy to read as a subtitle: at most 42 columns, as even as
 * they can be, rather behind a comma than in the middle of a phrase. Chinese, Japanese and Korean
 * letters count two columns and may be divided between any two of them. Pure.
 */

export const LINE_COLUMNS = 42;
export const LINES_PER_CUE = 2;

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]|\p{Emoji_Presentation}/u;
const PHRASE_END = /[.,;:!?…、。，．！？；：]$/u;
/** What never begins a line. */
const CLOSING = /^[.,;:!?…、。，．！？；：)\]}»”’」』）】》〉ー]/u;
/** Price of a break in the middle of a phrase: worth about eight columns of unevenness. */
const RAGGED_COST = 60;

/**
 * @typedef {object} Piece what must not be divided
 * @property {string} text
 * @property {number} columns
 * @property {boolean} afterSpace
 */

/** @param {string} letter one grapheme @returns {number} */
const columnsOf = (letter) => (WIDE.test(letter) ? 2 : 1);

/** @param {string} text @returns {string[]} graphemes: accents and joiners stay with their letter */
function lettersOf(text) {
  if (!('Segmenter' in Intl)) return [...text];
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

/** @param {string} text without outer or double spaces @returns {Piece[]} */
function pieces(text) {
  /** @type {Piece[]} */
  const result = [];
  for (const word of text.split(' ').filter(Boolean)) {
    let held = '';
    let columns = 0;
    let afterSpace = result.length > 0;
    let before = 0;
    for (const letter of lettersOf(word)) {
      const width = columnsOf(letter);
      const isBetweenWide = held !== '' && (width === 2 || before === 2) && !CLOSING.test(letter);
      if (isBetweenWide || columns + width > LINE_COLUMNS) {
        result.push({ text: held, columns, afterSpace });
        [held, columns, afterSpace] = ['', 0, false];
      }
      held += letter;
      columns += width;
      before = width;
    }
    result.push({ text: held, columns, afterSpace });
  }
  return result;
}

/**
 * The least sum of squared empty columns over all ways to break (Knuth and Plass, 1981).
 *
 * @param {string} text any white space counts as one space
 * @returns {string[]} lines without outer spaces; none for an empty text
 */
export function brokenLines(text) {
  const all = pieces(text.replace(/\s+/gu, ' ').trim());
  /** @type {{cost: number, begin: number}[]} of the pieces before an index */
  const best = [{ cost: 0, begin: 0 }];
  for (let end = 1; end <= all.length; end += 1) {
    const isRagged = end < all.length && !PHRASE_END.test(all[end - 1].text);
    let cheapest = { cost: Infinity, begin: end - 1 };
    let columns = 0;
    for (let begin = end - 1; begin >= 0; begin -= 1) {
      columns += all[begin].columns + (begin < end - 1 && all[begin + 1].afterSpace ? 1 : 0);
      if (columns > LINE_COLUMNS) break;
      const cost = best[begin].cost + (LINE_COLUMNS - columns) ** 2 + (isRagged ? RAGGED_COST : 0);
      if (cost < cheapest.cost) cheapest = { cost, begin };
    }
    best.push(cheapest);
  }
  const lines = [];
  for (let end = all.length; end > 0; end = best[end].begin) {
    const line = all.slice(best[end].begin, end);
    lines.unshift(line.map((piece, i) => (i > 0 && piece.afterSpace ? ' ' : '') + piece.text).join(''));
  }
  return lines;
}
