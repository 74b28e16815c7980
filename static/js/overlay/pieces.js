// @ts-check
/**
 * Where a line of captions may break, and how wide text is, in characters: the same text always
 * gives the same answer, whatever the font. Pure.
 *
 * A piece stays in one line. Pieces carry the space in front of them, so that joined they are the
 * text again. Text without spaces between its words (Chinese, Japanese, Thai …) is cut where the
 * browser's dictionaries find words, and no line begins with a closing mark.
 */

/** Scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Marks that stay with what stands before them. */
const CLOSING = /^[\p{Pe}\p{Pf}、。，．：；！？!?.,:;…‥・ー々〜～％%]/u;
/** Marks that stay with what follows them. */
const OPENING = /[\p{Ps}\p{Pi}]$/u;
/** Nothing but narrow characters, one column each. */
const PLAIN = /^[\u0020-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027]*$/;
/** As wide as a Chinese letter, but words stand apart from it. */
const EMOJI = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}/u;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const FIRST_STRONG = /[\p{L}]/u;
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** @type {Intl.Segmenter | null} */
let words = null;

/** @param {string} text @returns {string[]} what a reader sees as single characters */
function charactersOf(text) {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** @param {string} text @returns {number} its width; a Chinese character or an emoji counts two */
export function columns(text) {
  if (PLAIN.test(text)) return text.length;
  return charactersOf(text).reduce((sum, one) => sum + (WIDE.test(one) ? 2 : 1), 0);
}

/**
 * @param {string} text
 * @param {number} width no piece has more columns than this
 * @returns {string[]} joined, they are the text
 */
export function piecesOf(text, width) {
  const pieces = [];
  for (const [word] of text.matchAll(/\s*\S+|\s+$/gu)) {
    for (const piece of UNSPACED.test(word) ? wordsIn(word) : [word]) {
      pieces.push(...(columns(piece) <= width ? [piece] : cut(piece, width)));
    }
  }
  return pieces;
}

/** @param {string} text without spaces inside @returns {string[]} */
function wordsIn(text) {
  words ??= new Intl.Segmenter(undefined, { granularity: 'word' });
  /** @type {string[]} */
  const found = [];
  for (const { segment } of words.segment(text)) {
    const before = found.length > 0 ? found[found.length - 1] : null;
    const belongs = before !== null && (CLOSING.test(segment) || OPENING.test(before) || before.trim() === '');
    if (belongs) found[found.length - 1] += segment;
    else found.push(segment);
  }
  return found;
}

/** @param {string} text longer than a line @param {number} width @returns {string[]} */
function cut(text, width) {
  const parts = [''];
  let used = 0;
  for (const one of charactersOf(text)) {
    const size = columns(one);
    if (used + size > width && used > 0) {
      parts.push('');
      used = 0;
    }
    parts[parts.length - 1] += one;
    used += size;
  }
  return parts;
}

/** @param {string} text @returns {"ltr" | "rtl" | null} how it reads; null when nothing says */
export function directionOf(text) {
  const first = FIRST_STRONG.exec(text)?.[0];
  if (first === undefined) return null;
  return RIGHT_TO_LEFT.test(first) ? 'rtl' : 'ltr';
}

/**
 * @param {string} before
 * @param {string} after what a reader reads next, in the same line
 * @returns {string} what stands between two utterances
 */
export function gapBetween(before, after) {
  const last = charactersOf(before.slice(-8)).pop() ?? '';
  const isWide = WIDE.test(last) && !EMOJI.test(last);
  const isUnspaced = UNSPACED.test(last) || isWide || UNSPACED.test(after.slice(0, 1));
  return before === '' || isUnspaced || /\s$/u.test(before) || /^\s/u.test(after) ? '' : ' ';
}
