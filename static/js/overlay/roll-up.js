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
import { columns, directionOf, gapBetween, piecesOf } from './pieces.js';
import { RowStack } from './row-stack.js';

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
 * @typedef {(text: string) => boolean} Fits whether a row may hold a text, besides its width in
 *   characters; must always say the same of the same text
 */

/** Time for all rows that wait: shared out, so that nothing is ever shown 5 s late. */
const CATCH_UP_MS = 2000;
/** With more waiting than anybody could read in that time, rows run through at once. */
const MOST_WAITING_ROWS = 8;

export class RollUp {
  #options;
  #fits;
  #captions = NO_CAPTIONS;
  #flows;
  #rows;
  /** When what is shown changed last. */
  #textAt = -Infinity;
  /** @type {{flow: Flow, row: number} | null} who has committed the last words, and where */
  #last = null;
  /** @type {{session: string, speaker: string | null} | null} for whom a row was opened last */
  #voice = null;
  #blockedUntil = Infinity;
  /** Whether rows run through without being shown each. */
  #rushes = false;

  /** @param {RollUpOptions} options @param {Fits} [fits] @param {number} [firstRow] its number */
  constructor(options, fits = () => true, firstRow = 0) {
    this.#options = options;
    this.#fits = fits;
    this.#flows = new Flows(options);
    this.#rows = new RowStack(options.lines, firstRow);
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
    this.#rushes = event.type === 'snapshot' && this.#rows.all.length === 0;
    this.advance(now);
  }

  /** @param {number} now milliseconds; shows what waited for that moment, takes away what has faded */
  advance(now) {
    if (this.#rows.all.length > 0 && this.isQuiet(now - this.#options.fadeMs)) this.#clear();
    const before = this.#rows.text;
    this.#blockedUntil = Infinity;
    this.#rushes ||= this.#waitingRows > MOST_WAITING_ROWS;
    for (const flow of this.#flows.all) {
      if (!this.#place(flow, now)) break;
      this.#flows.drop();
    }
    this.#rushes = false;
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
    if (holdMs === 0 || this.#rows.all.length === 0) return this.#blockedUntil;
    const quietAt = this.#textAt + holdMs;
    const fading = [quietAt, quietAt + fadeMs].find((at) => at > now) ?? Infinity;
    return Math.min(this.#blockedUntil, fading);
  }

  /** Lets everything said so far pass without showing it, as after a long absence. */
  skip() {
    this.#flows.pass(this.#captions.lines);
    this.#rows.clear(new Set());
    this.#last = null;
    this.#voice = null;
  }

  /**
   * @param {RollUpOptions} options
   * @param {Fits} fits
   * @param {number} now
   * @returns {RollUp} what is shown, laid out anew
   */
  relaid(options, fits, now) {
    const again = new RollUp({ ...options, leastMs: 0 }, fits, this.#rows.next);
    again.#captions = this.#captions;
    const { lines } = this.#captions;
    const shown = this.#rows.all.length > 0 ? options.lines : 0;
    again.#flows.pass(lines.slice(0, lines.length - shown));
    again.#flows.take(lines);
    again.advance(now);
    again.#textAt = this.#textAt;
    again.#options = options;
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
      if (!this.#commit(flow, flow.waiting[0], now)) return false;
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
    let row = this.#rows.find(flow.rows[0]) ?? this.#begin(flow, piece, now);
    if (row === null) return false;
    if (!this.#hasRoom(row, this.#behind(flow, row, '', piece))) {
      row = this.#nextRow(flow, row, now);
      if (row === null) return false;
    }
    const committed = [...row.committed, this.#behind(flow, row, '', piece)];
    this.#rows.change(row.number, { committed, tail: '', changedAt: now });
    flow.joins = false;
    this.#last = { flow, row: row.number };
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
    if (flow.rows.length === 1 && !this.#open(flow, now)) return null;
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
    if (pieces.length > 0 && isHomeless && this.#mayTailRoll()) this.#begin(flow, pieces[0], now);
    for (let i = 0; i < flow.rows.length; i += 1) {
      const row = this.#rows.find(flow.rows[i]);
      if (row === null) continue;
      let tail = '';
      while (pieces.length > 0 && this.#hasRoom(row, tail + this.#behind(flow, row, tail, pieces[0]))) {
        tail += this.#behind(flow, row, tail, /** @type {string} */ (pieces.shift()));
      }
      if (tail !== row.tail) this.#rows.change(row.number, { tail });
      const isLast = i === flow.rows.length - 1;
      if (isLast && pieces.length > 0 && this.#mayTailRoll()) this.#open(flow, now);
    }
  }

  /** @returns {boolean} whether a tail may have a row: not at the price of one that is still in use */
  #mayTailRoll() {
    const { leaving } = this.#rows;
    return leaving === null || !this.#flows.rows.has(leaving.number);
  }

  /**
   * @param {Flow} flow
   * @param {Row} row
   * @param {string} tail that stands in it already
   * @param {string} piece
   * @returns {string} the piece, with the space that belongs in front of it there
   */
  #behind(flow, row, tail, piece) {
    if (tail !== '') return piece;
    if (row.committed.length === 0) return piece.trimStart();
    return flow.joins ? gapBetween(row.committed[row.committed.length - 1], piece) + piece : piece;
  }

  // --- rows for it -----------------------------------------------------------------------------

  /**
   * @param {Flow} flow that has no row
   * @param {string} text that follows
   * @param {number} now
   * @returns {Row | null} its first row: the last one, where the same voice goes on, else its own
   */
  #begin(flow, text, now) {
    if (this.#goesOn(flow, text)) {
      flow.rows = [/** @type {{row: number}} */ (this.#last).row];
      flow.joins = true;
    } else {
      flow.rows = [];
      this.#open(flow, now, text);
    }
    return this.#rows.find(flow.rows[0]);
  }

  /** @param {Flow} flow @param {string} text that follows @returns {boolean} */
  #goesOn({ session, speaker }, text) {
    const last = this.#last;
    const row = this.#rows.find(last?.row);
    if (last === null || row === null || row.isFull || this.#options.breaks === 'utterance') return false;
    if (!last.flow.closed || this.#flows.rows.has(row.number)) return false;
    if (last.flow.session !== session || last.flow.speaker !== speaker) return false;
    const direction = directionOf(text);
    return direction === null || row.direction === null || direction === row.direction;
  }

  /**
   * Opens a row for an utterance, if the one that must leave for it was shown long enough.
   *
   * @param {Flow} flow
   * @param {number} now
   * @param {string} [text] that follows
   * @returns {boolean} whether there is one now
   */
  #open(flow, now, text = flow.waiting.join('') + flow.tail) {
    const { leaving } = this.#rows;
    if (leaving !== null && !this.#mayLeave(leaving, now)) return false;
    const direction = this.#rows.find(flow.rows[0])?.direction ?? directionOf(text);
    if (leaving !== null) this.#flows.loseRow(leaving.number);
    const look = { name: this.#nameFor(flow), direction, language: flow.language };
    flow.rows = [...flow.rows, this.#rows.open(look, now)];
    this.#rows.seal(this.#flows.rows);
    return true;
  }

  /** @param {Row} row @param {number} now @returns {boolean} whether it was shown long enough */
  #mayLeave(row, now) {
    const share = CATCH_UP_MS / Math.max(1, this.#waitingRows);
    const until = row.changedAt + Math.min(this.#options.leastMs, share);
    if (this.#rushes || now >= until) return true;
    this.#blockedUntil = Math.min(this.#blockedUntil, until);
    return false;
  }

  get #waitingRows() {
    return Math.ceil(columns(this.#flows.waiting) / this.#options.width);
  }

  /** @param {Flow} flow @returns {string} who speaks, when it is another one than in the row before */
  #nameFor({ session, speaker }) {
    const isSame = this.#voice?.session === session && this.#voice.speaker === speaker;
    this.#voice = { session, speaker };
    if (isSame || !speaker || !this.#options.names) return '';
    const most = Math.floor(this.#options.width / 2) - 2;
    return `${columns(speaker) > most ? `${piecesOf(speaker, most - 1)[0]}…` : speaker}: `;
  }

  /** @param {Row} row @param {string} more @returns {boolean} */
  #hasRoom(row, more) {
    const text = row.name + row.committed.join('') + more;
    if (row.committed.length === 0 && row.name === '' && piecesOf(more, this.#options.width).length < 2) {
      return true;
    }
    return columns(text) <= this.#options.width && this.#fits(text);
  }

  /** Takes away what has faded; an utterance that is still open keeps its rows. */
  #clear() {
    this.#rows.clear(this.#flows.rows);
    this.#last = null;
    if (this.#rows.all.length === 0) this.#voice = null;
  }
}
