// @ts-check
/**
 * Who gets which row, and when a row may be pushed out for it. Pure.
 *
 * A row is shown for `leastMs` after its last word. What waits for that shares a short time, so the
 * more waits the faster rows leave, and nothing is ever shown much late. It must not know what is
 * written into rows.
 */
import { columns, directionOf } from './pieces.js';
import { nameIn } from './row-text.js';

/**
 * @typedef {import('./flow.js').Flow} Flow
 * @typedef {import('./row-stack.js').Row} Row
 * @typedef {import('./roll-up.js').RollUpOptions} RollUpOptions
 */

/** Time for all rows that wait together: nothing is shown more than 5 s late. */
const CATCH_UP_MS = 2000;
/** With more waiting than anybody could read in that time, rows run through at once. */
const MOST_WAITING_ROWS = 8;

export class RowKeeper {
  #options;
  #flows;
  #rows;
  /** @type {{flow: Flow, row: number} | null} who has committed the last words, and where */
  #last = null;
  /** @type {{session: string, speaker: string | null} | null} for whom a row was opened last */
  #voice = null;
  #rushes = false;
  #blockedUntil = Infinity;

  /**
   * @param {RollUpOptions} options
   * @param {import('./flow.js').Flows} flows
   * @param {import('./row-stack.js').RowStack} rows
   */
  constructor(options, flows, rows) {
    this.#options = options;
    this.#flows = flows;
    this.#rows = rows;
  }

  /** @returns {number} when somebody who was refused a row may have one; Infinity for never */
  get blockedUntil() {
    return this.#blockedUntil;
  }

  /** @param {boolean} rushes whether rows leave at once, until the next turn */
  beginTurn(rushes) {
    this.#blockedUntil = Infinity;
    this.#rushes = rushes || this.#waitingRows > MOST_WAITING_ROWS;
  }

  /** @param {Flow} flow that has committed a word @param {number} row in which */
  committed(flow, row) {
    this.#last = { flow, row };
  }

  /** Whoever speaks next begins a row of its own, and is named in it if no row is left. */
  breakOff() {
    this.#last = null;
    if (this.#rows.all.length === 0) this.#voice = null;
  }

  /**
   * @param {Flow} flow that has no row
   * @param {string} text that follows
   * @param {number} now
   * @returns {Row | null} its first row: the last one, where the same voice goes on, else its own;
   *   null when it must wait for one
   */
  begin(flow, text, now) {
    if (this.#goesOn(flow, text)) {
      flow.rows = [/** @type {{row: number}} */ (this.#last).row];
      flow.joins = true;
    } else {
      flow.rows = [];
      this.open(flow, now, text);
    }
    return this.#rows.find(flow.rows[0]);
  }

  /**
   * @param {Flow} flow gets one more row, if the one that must leave for it was shown long enough
   * @param {number} now
   * @param {string} [text] that follows
   * @returns {boolean} whether it has got one
   */
  open(flow, now, text = flow.waiting.join('') + flow.tail) {
    const { leaving } = this.#rows;
    if (leaving !== null && !this.#mayLeave(leaving, now)) return false;
    const direction = this.#rows.find(flow.rows[0])?.direction ?? directionOf(text);
    if (leaving !== null) this.#flows.loseRow(leaving.number);
    const look = { name: this.#nameFor(flow), direction, language: flow.language };
    flow.rows = [...flow.rows, this.#rows.open(look, now)];
    this.#rows.seal(this.#flows.rows);
    return true;
  }

  /** @returns {boolean} whether a tail may have a row: not at the price of one that is still in use */
  mayOpenForTail() {
    const { leaving } = this.#rows;
    return leaving === null || !this.#flows.rows.has(leaving.number);
  }

  get #waitingRows() {
    return Math.ceil(columns(this.#flows.waiting) / this.#options.width);
  }

  /** @param {Row} row @param {number} now @returns {boolean} whether it was shown long enough */
  #mayLeave(row, now) {
    const share = CATCH_UP_MS / Math.max(1, this.#waitingRows);
    const until = row.changedAt + Math.min(this.#options.leastMs, share);
    if (this.#rushes || now >= until) return true;
    this.#blockedUntil = Math.min(this.#blockedUntil, until);
    return false;
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

  /** @param {Flow} flow @returns {string} who speaks, when it is another one than in the row before */
  #nameFor({ session, speaker }) {
    const isSame = this.#voice?.session === session && this.#voice.speaker === speaker;
    this.#voice = { session, speaker };
    return isSame || !speaker || !this.#options.names ? '' : nameIn(speaker, this.#options.width);
  }
}
