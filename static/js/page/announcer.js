// @ts-check
/**
 * Finished sentences for screen readers and braille displays, and only for those who ask: whoever
 * also hears the speaker does not want everything twice. Words that may still change never get
 * here. It must not know where lines come from.
 */
import { textOf } from '../caption/caption-lines.js';
import { gapWords } from '../caption/gap-words.js';
import { element } from './element.js';

/** Assistive technology reads additions; old ones need not stay, they are among the captions. */
const KEPT = 20;

/** @typedef {import('../caption/caption-lines.js').Line} Line */

export class Announcer {
  #log;
  #isOn = false;
  /** @type {Set<string>} keys of the lines that were finished when last looked at */
  #finished = new Set();
  #speaker = '';

  /** @param {HTMLElement} log an element with role="log" */
  constructor(log) {
    this.#log = log;
  }

  /** @param {boolean} isOn from the next finished sentence on */
  set(isOn) {
    this.#isOn = isOn;
    if (!isOn) this.#log.replaceChildren();
  }

  /**
   * @param {readonly Line[]} lines
   * @param {{isSilent?: boolean}} [how] silent: take them as heard, as after a reader's pause
   */
  update(lines, { isSilent = false } = {}) {
    const finished = lines.filter((line) => line.kind === 'gap' || line.closed);
    if (this.#isOn && !isSilent) {
      for (const line of finished) if (!this.#finished.has(line.key)) this.#say(line);
    }
    this.#finished = new Set(finished.map(({ key }) => key));
  }

  /** @param {Line} line */
  #say(line) {
    const sentence = element('p', { dir: 'auto' });
    if (line.kind === 'gap') {
      sentence.append(gapWords(line));
      sentence.lang = document.documentElement.lang;
    } else {
      const speaker = line.speaker ?? '';
      const name = speaker && speaker !== this.#speaker ? `${speaker}: ` : '';
      this.#speaker = speaker;
      sentence.append(name + textOf(line));
      sentence.lang = line.language ?? '';
    }
    this.#log.append(sentence);
    while (this.#log.childElementCount > KEPT) this.#log.firstElementChild?.remove();
  }
}
