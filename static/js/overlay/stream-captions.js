// @ts-check
/**
 * Captions inside the stream itself (CEA-608, the "CC" of a player): room events and time in, texts
 * of two short lines out. Pure.
 *
 * Only committed words go out: viewers' players cannot take anything back. A text leaves at most
 * once a second, when there is something new: the last two lines, rolled up. After a silence the
 * rest leaves and the next words begin afresh.
 */
import { columns, gapBetween, piecesOf } from './pieces.js';

/** What the format has room for. */
const WIDTH = 32;
const LINES = 2;
const LEAST_BETWEEN_MS = 1000;
/** Silence after which the next words begin on an empty screen. */
const PAUSE_MS = 2000;

/** @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage */

export class StreamCaptions {
  /** @type {string[]} the lines written so far; the last ones are shown */
  #lines = [''];
  #session = '';
  #utterance = -1;
  #changedAt = -Infinity;
  #sentAt = -Infinity;
  #sent = '';

  /** @param {CaptionMessage} event @param {number} now milliseconds */
  receive(event, now) {
    if (event.type !== 'delta') return;
    const text = event.text.trim();
    if (text === '') return;
    if (now - this.#changedAt > PAUSE_MS) this.#lines = [''];
    const session = event.session ?? '';
    if (session !== this.#session && event.speaker) this.#write(`${event.speaker}:`, true);
    const isNew = session !== this.#session || event.utterance !== this.#utterance;
    this.#session = session;
    this.#utterance = event.utterance;
    this.#write(isNew ? text : event.text, isNew);
    this.#changedAt = now;
  }

  /** @param {number} now @returns {string | null} what to send now, at most once */
  due(now) {
    const text = this.#lines.slice(-LINES).join('\n').trim();
    if (text === '' || text === this.#sent || now < this.dueAt) return null;
    this.#sent = text;
    this.#sentAt = now;
    return text;
  }

  /** @returns {number} when `due` has something; Infinity for never */
  get dueAt() {
    const text = this.#lines.slice(-LINES).join('\n').trim();
    return text === '' || text === this.#sent ? Infinity : this.#sentAt + LEAST_BETWEEN_MS;
  }

  /** @param {string} text @param {boolean} isApart whether a space belongs in front of it */
  #write(text, isApart) {
    const line = this.#lines[this.#lines.length - 1];
    const gap = isApart ? gapBetween(line, text) : '';
    for (const piece of piecesOf(gap + text, WIDTH)) {
      const at = this.#lines.length - 1;
      const longer = this.#lines[at] === '' ? piece.trimStart() : this.#lines[at] + piece;
      if (columns(longer) <= WIDTH) this.#lines[at] = longer;
      else this.#lines.push(piece.trimStart());
    }
    this.#lines = this.#lines.slice(-LINES);
  }
}
