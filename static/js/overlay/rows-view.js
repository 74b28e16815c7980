// @ts-check
/**
 * Rows as elements, touching only what changed. A committed piece gets a text node of its own, and
 * is then left alone for ever; a row's place is set once. What moves is the strip that all rows
 * stand on, by a transform, so that nothing is laid out or painted again when they roll.
 *
 * Text reaches the page through text nodes alone. The class names are public: OBS users style them.
 *
 *     div.caption-lines > div.caption-strip
 *       p.caption-line [.is-closed]
 *         span.caption-text > span.caption-speaker? span.caption-committed span.caption-tail
 */
import { textOfRow } from './row-stack.js';

/** @typedef {import('./row-stack.js').Row} Row */

/** @param {"p" | "span"} name @param {string} className */
function made(name, className) {
  const element = document.createElement(name);
  element.className = className;
  return element;
}

class RowElement {
  root = made('p', 'caption-line');
  #text = made('span', 'caption-text');
  #speaker = made('span', 'caption-speaker');
  #committed = made('span', 'caption-committed');
  #tail = made('span', 'caption-tail');
  /** @type {Row | null} */
  #shown = null;

  /** @param {number} place in rows from the top of the strip */
  constructor(place) {
    this.root.style.setProperty('--row', String(place));
    this.#text.append(this.#committed, this.#tail);
    this.root.append(this.#text);
  }

  /** @param {Row} row */
  show(row) {
    const before = this.#shown;
    if (before === row) return;
    this.#shown = row;
    if (row.name !== (before?.name ?? '')) this.#showName(row.name);
    const fresh = row.committed.slice(this.#committed.childNodes.length);
    for (const piece of fresh) this.#committed.append(piece);
    // A new text node each time: one that is kept, behind words that came, would have moved.
    if (row.tail !== (before?.tail ?? '') || fresh.length > 0) {
      this.#tail.replaceChildren(...(row.tail === '' ? [] : [row.tail]));
    }
    if (before?.direction !== row.direction) this.root.dir = row.direction ?? 'auto';
    if (row.language !== null && this.root.lang !== row.language) this.root.lang = row.language;
    if (this.root.hidden !== (textOfRow(row) === '')) this.root.hidden = !this.root.hidden;
    if (row.isFull && !before?.isFull) this.root.classList.add('is-closed');
  }

  /** The row has left: what it casts must not be seen in the one below. */
  leave() {
    this.root.classList.add('is-gone');
  }

  /** @param {string} name */
  #showName(name) {
    // The name has its own direction, lest a Latin one turn an Arabic row around; colon and space
    // follow the row's.
    const alone = document.createElement('bdi');
    alone.textContent = name.slice(0, -2);
    this.#speaker.replaceChildren(alone, name.slice(-2));
    if (name === '') this.#speaker.remove();
    else if (!this.#speaker.isConnected) this.#text.prepend(this.#speaker);
  }
}

export class RowsView {
  #strip;
  /** @type {Map<number, RowElement>} */
  #elements = new Map();
  /** Number of the row that stands at the top of the strip. */
  #origin = 0;

  /** @param {HTMLElement} strip nothing else may add children to it */
  constructor(strip) {
    this.#strip = strip;
  }

  /**
   * @param {readonly Row[]} rows
   * @param {{lines: number, base: number, anchor: "bottom" | "top"}} where `base` is the row that
   *   came first since there were none
   */
  render(rows, { lines, base, anchor }) {
    const kept = new Set(rows.map(({ number }) => number));
    for (const [number, { root }] of this.#elements) {
      if (kept.has(number)) continue;
      root.remove();
      this.#elements.delete(number);
    }
    const wasEmpty = this.#elements.size === 0;
    if (wasEmpty) this.#origin = rows.length > 0 ? rows[0].number : 0;
    for (const row of rows) this.#elementFor(row.number).show(row);
    if (rows.length === 0) return;
    const last = rows[rows.length - 1].number;
    const top = last + 1 - lines;
    for (const [number, row] of this.#elements) if (number < top) row.leave();
    this.#moveTo((anchor === 'top' ? Math.max(base, top) : top) - this.#origin, wasEmpty);
  }

  /** @param {number} top rows above the window @param {boolean} atOnce without rolling */
  #moveTo(top, atOnce) {
    this.#strip.classList.toggle('is-rolling', !atOnce);
    this.#strip.style.setProperty('--top', String(top));
  }

  /** @param {number} number */
  #elementFor(number) {
    let shown = this.#elements.get(number);
    if (!shown) {
      shown = new RowElement(number - this.#origin);
      this.#elements.set(number, shown);
      this.#strip.append(shown.root);
    }
    return shown;
  }
}
