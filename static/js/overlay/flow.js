// @ts-check
/**
 * Utterances on their way into rows: what of each one has no row yet, and which rows it has. Pure.
 *
 * It must not know when there is room for what.
 */
import { piecesOf } from './pieces.js';

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 * @typedef {import('../caption/caption-lines.js').UtteranceLine} UtteranceLine
 *
 * @typedef {object} Flow
 * @property {string} key
 * @property {string} session
 * @property {string | null} speaker
 * @property {string | null} language
 * @property {number} taken committed pieces of its line that were taken over
 * @property {string[]} waiting committed pieces of text that have no row yet
 * @property {string} tail
 * @property {number[]} rows it has, by number: committed words go into the first, the others are
 *   for its tail
 * @property {boolean} joins it has words in no row of its own yet, and goes on in another's
 * @property {boolean} closed
 */

/** Lines remembered: more than a server repeats when a page comes back. */
const KEPT_LINES = 150;

export class Flows {
  #width;
  #partials;
  /** @type {Map<string, UtteranceLine>} what was taken, by key */
  #known = new Map();
  /** @type {Flow[]} in reading order */
  #open = [];

  /** @param {{width: number, partials: boolean}} options */
  constructor({ width, partials }) {
    this.#width = width;
    this.#partials = partials;
  }

  /** @returns {readonly Flow[]} those that may still say something, or have words waiting */
  get all() {
    return this.#open;
  }

  /** @returns {ReadonlySet<number>} rows that one of them may still add to */
  get rows() {
    return new Set(this.#open.flatMap(({ rows }) => rows));
  }

  /** @returns {string} everything that has no row yet */
  get waiting() {
    return this.#open.map(({ waiting }) => waiting.join('')).join('');
  }

  /** @param {readonly Line[]} lines in reading order; takes over what is new in them */
  take(lines) {
    for (const line of lines) {
      if (line.kind === 'utterance' && this.#known.get(line.key) !== line) this.#takeLine(line);
    }
    if (this.#known.size > 2 * KEPT_LINES) this.#forget(new Set(lines.map(({ key }) => key)));
  }

  /** @param {readonly Line[]} lines that are not to be shown any more */
  pass(lines) {
    for (const line of lines) if (line.kind === 'utterance') this.#known.set(line.key, line);
    for (const flow of this.#open) Object.assign(flow, { waiting: [], rows: [] });
    this.drop();
  }

  /** Lets go of utterances that are said and shown. */
  drop() {
    this.#open = this.#open.filter(({ closed, waiting }) => !closed || waiting.length > 0);
  }

  /** @param {number} number of a row that left */
  loseRow(number) {
    for (const flow of this.#open) {
      if (flow.rows.includes(number)) flow.rows = flow.rows.filter((other) => other !== number);
    }
  }

  /** @param {UtteranceLine} line */
  #takeLine(line) {
    const before = this.#known.get(line.key);
    this.#known.set(line.key, line);
    let flow = this.#open.find(({ key }) => key === line.key);
    if (!flow) {
      if (before?.closed) return;
      flow = {
        key: line.key, session: line.session, speaker: line.speaker, language: null,
        taken: before?.committed.length ?? 0, waiting: [], tail: '', rows: [], joins: false, closed: false,
      };
      this.#open.push(flow);
    }
    for (const text of line.committed.slice(flow.taken)) {
      flow.waiting.push(...piecesOf(text, this.#width));
    }
    flow.taken = line.committed.length;
    flow.tail = this.#partials ? line.tail : '';
    flow.language = line.language;
    flow.closed = line.closed;
  }

  /** @param {ReadonlySet<string>} kept */
  #forget(kept) {
    for (const key of this.#known.keys()) if (!kept.has(key)) this.#known.delete(key);
  }
}

/** @param {readonly Line[]} lines @returns {readonly Line[]} as many as are of use here */
export function newest(lines) {
  return lines.length > KEPT_LINES ? lines.slice(-KEPT_LINES) : lines;
}
