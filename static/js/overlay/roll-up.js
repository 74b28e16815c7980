// @ts-check
/**
 * The rows of text that an overlay shows, as they roll up: events and time in, rows out. Pure.
 *
 *     row 7  | Good morning everyone. Thank   |  full: never changes again
 *     row 8  | you for coming. Let's get      |  committed words: only added to
 *     row 9  |   started with                 |  tail: may change
 *
 * What holds at every moment, and is tested:
 *
 * - Words break into rows one after the other, by their width in characters. A committed word
 *   never leaves its row, and a new row is never put anywhere but under all others.
 * - A row that was opened stays open, even when the tail that needed it is gone; so nothing that is
 *   shown ever moves down.
 * - A row is shown for `leastMs` after its last word before another pushes it out. What waits for
 *   that is shown in order, and the faster the more of it there is, so that rows never get behind.
 * - A tail does not push out a row that an utterance still adds to, least of all its own.
 *
 * Two voices at once have a row each. It must not know the page, the clock, or who measures text.
 */
import { applyEvent, NO_CAPTIONS } from '../caption/caption-model.js';
import { Flows, newest } from './flow.js';
import { piecesOf } from './pieces.js';
import { RowKeeper } from './row-keeper.js';
import { RowStack } from './row-stack.js';
import { behind, hasRoom } from './row-text.js';

/**
 * @typedef {import('./flow.js').Flow} Flow
 * @typedef {import('./row-stack.js').Row} Row
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 *
 * @typedef {object} RollUpOptions
 * @property {number} lines rows that are shown at once
 * @property {number} width characters in a row
 * @property {number} leastMs how long a row is shown at least after its last word
 * @property {number} holdMs how long the last text stays; 0 for ever
 * @property {number} fadeMs how long it takes to fade then
 * @property {boolean} partials whether tails are shown
 * @property {boolean} names whether speakers are named
 * @property {"speaker" | "utterance"} breaks what begins a new row
 * @typedef {import('./row-text.js').Fits} Fits
 */

export class RollUp {
  #options;
  #fits;
  #captions = NO_CAPTIONS;
  #flows;
  #rows;
  #keeper;
  /** When what is shown changed last. */
  #textAt = -Infinity;

  /** @param {RollUpOptions} options @param {Fits} [fits] @param {number} [firstRow] its number */
  constructor(options, fits = () => true, firstRow = 0) {
    this.#options = options;
    this.#fits = fits;
    this.#flows = new Flows(options);
    this.#rows = new RowStack(options.lines, firstRow);
    this.#keeper = new RowKeeper(options, this.#flows, this.#rows);
  }

  /** @returns {readonly Row[]} those to see are the last `lines`; some that have left stand before */
  get rows() {
    return this.#rows.all;
  }

  /** @returns {number} of the row that came first since the screen was empty */
  get base() {
    return this.#rows.base;
  }

  /** @returns {number} of the room's last event */
  get offset() {
    return this.#captions.offset;
  }

  /** @param {CaptionMessage} event @param {number} now milliseconds */
  receive(event, now) {
    const captions = applyEvent(this.#captions, event);
    this.#captions = { ...captions, lines: newest(captions.lines) };
    this.#flows.take(this.#captions.lines);
    // Who has just come does not want to see the last minutes roll by.
    this.advance(now, event.type === 'snapshot' && this.#rows.all.length === 0);
  }

  /**
   * Shows what waited for this moment, takes away what has faded.
   *
   * @param {number} now milliseconds
   * @param {boolean} [rushes] whether rows run through without being shown each
   */
  advance(now, rushes = false) {
    if (this.#rows.all.length > 0 && this.isQuiet(now - this.#options.fadeMs)) this.#clear();
    const before = this.#rows.text;
    this.#keeper.beginTurn(rushes);
    for (const flow of this.#flows.all) {
      if (!this.#place(flow, now)) break;
      this.#flows.drop();
    }
    if (this.#rows.text !== before) this.#textAt = now;
  }

  /** @param {number} now @returns {boolean} whether what is shown is fading, or gone */
  isQuiet(now) {
    const { holdMs } = this.#options;
    return holdMs > 0 && now - this.#textAt >= holdMs;
  }

  /** @param {number} now @returns {number} when to call `advance` again; Infinity for never */
  nextAt(now) {
    const { holdMs, fadeMs } = this.#options;
    if (holdMs === 0 || this.#rows.all.length === 0) return this.#keeper.blockedUntil;
    const quietAt = this.#textAt + holdMs;
    const fading = [quietAt, quietAt + fadeMs].find((at) => at > now) ?? Infinity;
    return Math.min(this.#keeper.blockedUntil, fading);
  }

  /** Lets everything said so far pass without showing it, as after a long absence. */
  skip() {
    this.#flows.pass(this.#captions.lines);
    this.#rows.clear(new Set());
    this.#keeper.breakOff();
  }

  /**
   * @param {RollUpOptions} options
   * @param {Fits} fits
   * @param {number} now
   * @returns {RollUp} what is shown, laid out anew
   */
  relaid(options, fits, now) {
    const again = new RollUp(options, fits, this.#rows.next);
    again.#captions = this.#captions;
    const { lines } = this.#captions;
    const shown = this.#rows.all.length > 0 ? options.lines : 0;
    again.#flows.pass(lines.slice(0, lines.length - shown));
    again.#flows.take(lines);
    again.advance(now, true);
    again.#textAt = this.#textAt;
    return again;
  }

  // --- one utterance ---------------------------------------------------------------------------

  /**
   * @param {Flow} flow
   * @param {number} now
   * @returns {boolean} whether all its committed words have a row
   */
  #place(flow, now) {
    while (flow.waiting.length > 0) {
      if (!this.#commit(flow, flow.waiting[0], now)) {
        // A tail that was committed otherwise must not stand there meanwhile.
        for (const number of flow.rows) this.#rows.change(number, { tail: '' });
        return false;
      }
      flow.waiting.shift();
    }
    this.#layTail(flow, now);
    if (flow.closed) for (const number of this.#unused(flow)) this.#rows.release(number);
    return true;
  }

  /** @param {Flow} flow @returns {number[]} rows in which nobody has a committed word, last first */
  #unused({ rows }) {
    const first = this.#rows.find(rows[0]);
    return (first && first.committed.length > 0 ? rows.slice(1) : rows.slice()).reverse();
  }

  /**
   * @param {Flow} flow
   * @param {string} piece
   * @param {number} now
   * @returns {boolean} whether there was room for it
   */
  #commit(flow, piece, now) {
    let row = this.#rows.find(flow.rows[0]) ?? this.#keeper.begin(flow, piece, now);
    if (row === null) return false;
    if (!this.#hasRoom(row, behind(row, '', piece, flow.joins))) {
      row = this.#nextRow(flow, row, now);
      if (row === null) return false;
    }
    const committed = [...row.committed, behind(row, '', piece, flow.joins)];
    this.#rows.change(row.number, { committed, tail: '', changedAt: now });
    flow.joins = false;
    this.#keeper.committed(flow, row.number);
    return true;
  }

  /**
   * @param {Flow} flow
   * @param {Row} row that has no room
   * @param {number} now
   * @returns {Row | null} the row in which the next word stands; null when it must wait for one
   */
  #nextRow(flow, row, now) {
    if (row.committed.length === 0) {
      // Not even one word fits beside the name.
      this.#rows.change(row.number, { name: '' });
      return this.#rows.find(row.number);
    }
    if (flow.rows.length === 1 && !this.#keeper.open(flow, now)) return null;
    flow.rows = flow.rows.filter((number) => number !== row.number);
    flow.joins = false;
    this.#rows.seal(this.#flows.rows);
    return this.#rows.find(flow.rows[0]);
  }

  /**
   * Shows as much of the tail as fits behind the committed words and in rows under them.
   *
   * @param {Flow} flow
   * @param {number} now
   */
  #layTail(flow, now) {
    const pieces = piecesOf(flow.tail, this.#options.width);
    const isHomeless = this.#rows.find(flow.rows[0]) === null;
    if (pieces.length > 0 && isHomeless && this.#keeper.mayOpenForTail()) {
      this.#keeper.begin(flow, pieces[0], now);
    }
    for (let i = 0; i < flow.rows.length; i += 1) {
      const row = this.#rows.find(flow.rows[i]);
      if (row === null) continue;
      let tail = '';
      while (pieces.length > 0) {
        const more = behind(row, tail, pieces[0], flow.joins);
        if (!this.#hasRoom(row, tail + more)) break;
        tail += more;
        pieces.shift();
      }
      if (tail !== row.tail) this.#rows.change(row.number, { tail });
      const isLast = i === flow.rows.length - 1;
      if (isLast && pieces.length > 0 && this.#keeper.mayOpenForTail()) this.#keeper.open(flow, now);
    }
  }

  /** @param {Row} row @param {string} more @returns {boolean} */
  #hasRoom(row, more) {
    return hasRoom(row, more, this.#options.width, this.#fits);
  }

  /** Takes away what has faded; an utterance that is still open keeps its rows. */
  #clear() {
    this.#rows.clear(this.#flows.rows);
    this.#keeper.breakOff();
  }
}
