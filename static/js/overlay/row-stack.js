// @ts-check
/**
 * The rows of an overlay from top to bottom, and the few ways they change. New rows come at the
 * bottom; the one at the top leaves when there are more than are shown. Pure.
 *
 * A row is never changed in place: one that is the same object shows the same. It must not know
 * who writes into which row, or when.
 */

/**
 * @typedef {object} Row
 * @property {number} number +1 each, for ever
 * @property {string} name of the speaker, with a colon; "" for none
 * @property {readonly string[]} committed pieces of text, only added to
 * @property {string} tail behind them, which may change
 * @property {boolean} isFull nothing in it changes any more
 * @property {"ltr" | "rtl" | null} direction
 * @property {string | null} language
 * @property {number} changedAt milliseconds, when its committed text changed last
 */

/** @param {Row} row @returns {string} all its text, without the name */
export function textOfRow({ committed, tail }) {
  return committed.join('') + tail;
}

export class RowStack {
  #shown;
  /** @type {readonly Row[]} */
  #rows = [];
  /** @type {number[]} rows without text that nobody needs, oldest first */
  #spare = [];
  #next;
  #base;

  /** @param {number} shown how many rows there are to see @param {number} first number */
  constructor(shown, first = 0) {
    this.#shown = shown;
    this.#next = first;
    this.#base = first;
  }

  /** @returns {readonly Row[]} those to see are the last ones; a few that have left are kept */
  get all() {
    return this.#rows;
  }

  /** @returns {readonly Row[]} */
  get inSight() {
    return this.#rows.slice(-this.#shown);
  }

  /** @returns {number} of the first row since there were none */
  get base() {
    return this.#base;
  }

  /** @returns {number} that the next new row will have */
  get next() {
    return this.#next;
  }

  /** @returns {string} all that is to see */
  get text() {
    return this.inSight.map((row) => row.name + textOfRow(row)).join('\n');
  }

  /** @param {number | undefined} number @returns {Row | null} null when it is out of sight */
  find(number) {
    return this.inSight.find((row) => row.number === number) ?? null;
  }

  /** @returns {Row | null} the row that must leave for the next one */
  get leaving() {
    if (this.#spare.length > 0 || this.#rows.length < this.#shown) return null;
    return this.inSight[0];
  }

  /**
   * @param {{name: string, direction: "ltr" | "rtl" | null, language: string | null}} look
   * @param {number} now
   * @returns {number} of a row without text: a spare one, else a new one under all others
   */
  open(look, now) {
    const spare = this.#spare.shift();
    const number = spare ?? this.#next;
    const row = { number, committed: [], tail: '', isFull: false, changedAt: now, ...look };
    if (spare === undefined) {
      if (this.#rows.length === 0) this.#base = number;
      this.#next += 1;
      // Those that leave are still on their way up.
      this.#rows = [...this.#rows, row].slice(-2 * this.#shown - 2);
    } else {
      this.#rows = this.#rows.map((old) => (old.number === number ? row : old));
    }
    return number;
  }

  /** @param {number} number @param {Partial<Row>} changes */
  change(number, changes) {
    const row = this.#rows.find((one) => one.number === number);
    const names = /** @type {(keyof Row)[]} */ (Object.keys(changes));
    if (!row || names.every((name) => row[name] === changes[name])) return;
    this.#rows = this.#rows.map((old) => (old.number === number ? { ...old, ...changes } : old));
  }

  /**
   * @param {number} number of a row whose text is gone: the next text may have it, unless there is
   *   text under it already
   */
  release(number) {
    if (this.find(number) === null || this.#spare.includes(number)) return;
    const isLast = this.#rows.every((row) => row.number <= number || this.#spare.includes(row.number));
    this.change(number, { name: '', tail: '', isFull: !isLast });
    if (isLast) this.#spare.unshift(number);
  }

  /** @param {ReadonlySet<number>} growing rows that somebody may still add to */
  seal(growing) {
    for (const { number, isFull } of this.#rows) {
      const isFree = growing.has(number) || this.#spare.includes(number);
      if (!isFull && !isFree) this.change(number, { tail: '', isFull: true });
    }
  }

  /** @param {ReadonlySet<number>} kept all other rows go */
  clear(kept) {
    this.#rows = this.#rows.filter(({ number }) => kept.has(number));
    this.#spare = [];
    this.#base = this.#rows.length > 0 ? this.#rows[0].number : this.#next;
  }
}
