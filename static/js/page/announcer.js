// @ts-check
/**
 * Finished sentences for screen readers and braille displays, and only for those who ask: whoever
 * also hears the speaker does not want everything twice. Words that may still change never get
 * here. It must not know where lines come from.
 */
import { textOf } from '../caption/caption-lines.js';

/** Assistive technology reads additions; old ones need not stay. */
const KEPT = 20;

/** @typedef {import('../caption/caption-lines.js').Line} Line */

export class Announcer {
  #log;
  #isOn = false;
  /** @type {Set<string>} keys of the lines that were closed when last looked at */
  #closed = new Set();

  /** @param {HTMLElement} log an element with role="log" */
  constructor(log) {
    this.#log = log;
  }

  /** @param {boolean} isOn from the next finished sentence on */
  set(isOn) {
    this.#isOn = isOn;
    if (!isOn) this.#log.replaceChildren();
  }

  /** @param {readonly Line[]} lines */
  update(lines) {
    const closed = lines.filter((line) => line.kind === 'utterance' && line.closed);
    if (this.#isOn) {
      for (const line of closed) if (!this.#closed.has(line.key)) this.#say(textOf(line));
    }
    this.#closed = new Set(closed.map(({ key }) => key));
  }

  /** @param {string} text */
  #say(text) {
    const sentence = document.createElement('p');
    sentence.textContent = text;
    this.#log.append(sentence);
    while (this.#log.childElementCount > KEPT) this.#log.firstElementChild?.remove();
  }
}
