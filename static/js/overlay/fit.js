// @ts-check
/**
 * Whether a text fits into a row as it looks on this page, and how high a row is. The width in
 * characters decides where rows break; this only keeps a row of wide letters (capitals, a broad
 * font) inside its box.
 *
 * Text is measured on a canvas, so asking lays nothing out.
 */

export class Fit {
  #lines;
  #pen = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d'));
  #looks = '';
  #space = Infinity;
  #transform = 'none';

  /** @param {HTMLElement} lines the element that rows stand in, with their font */
  constructor(lines) {
    this.#lines = lines;
  }

  /** @returns {boolean} whether font or space have changed, by whoever's style */
  refresh() {
    const style = getComputedStyle(this.#lines);
    const { font, letterSpacing, textTransform, lineHeight } = style;
    const space = this.#lines.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const looks = [font, letterSpacing, textTransform, lineHeight, space].join('|');
    if (looks === this.#looks) return false;
    this.#looks = looks;
    // Whole pixels: else a hair of the row that left remains to be seen.
    this.#lines.style.setProperty('--row-height', `${Math.round(parseFloat(lineHeight))}px`);
    // No room to speak of: the page is not laid out yet.
    this.#space = space > 0 ? space : Infinity;
    this.#transform = textTransform;
    this.#pen.font = font;
    if (letterSpacing !== 'normal') /** @type {any} */ (this.#pen).letterSpacing = letterSpacing;
    return true;
  }

  /** @type {import('./roll-up.js').Fits} */
  fits = (text) => this.#pen.measureText(this.#cased(text)).width <= this.#space;

  /** @param {string} text */
  #cased(text) {
    if (this.#transform === 'uppercase') return text.toUpperCase();
    return this.#transform === 'lowercase' ? text.toLowerCase() : text;
  }
}
