// @ts-check
/**
 * Lines of captions as elements, touching only what changed. Text reaches the page through text
 * nodes alone, so a caption can never become markup; a committed piece gets its own text node,
 * which is then left alone for ever.
 *
 * It must not know where lines come from. The class names are public: OBS users style them.
 *
 *     p.caption-line [.is-closed | .is-gap] [.is-same-speaker] [data-place]
 *       span.caption-text
 *         time.caption-time? span.caption-speaker? span.caption-committed span.caption-tail
 */
import { element } from '../page/element.js';
import { textOf } from './caption-lines.js';
import { gapWords } from './gap-words.js';

/**
 * @typedef {import('./caption-lines.js').Line} Line
 * @typedef {import('./caption-lines.js').UtteranceLine} UtteranceLine
 * @typedef {import('./caption-lines.js').GapLine} GapLine
 */

/** @type {ReadonlyMap<string, string>} */
const NO_STAMPS = new Map();

/** What all lines have: a root, and a stamp in front of the text that comes and goes. */
class LineElement {
  root = element('p', { class: 'caption-line' });
  /** @type {Line | null} what it shows */
  line = null;
  text = element('span', { class: 'caption-text' });
  #stamp = '';
  #isSameSpeaker = false;
  /** @type {HTMLElement | null} */
  #time = null;

  constructor() {
    this.root.append(this.text);
  }

  /** @param {string} stamp when it was said; "" for none */
  stamp(stamp) {
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#time?.remove();
    this.#time = null;
    if (stamp === '') return;
    this.#time = element('time', { class: 'caption-time', dir: 'auto' }, stamp);
    this.text.prepend(this.#time);
  }

  /** @param {boolean} isSame whether the line above is of the same voice */
  sameSpeaker(isSame) {
    if (isSame === this.#isSameSpeaker) return;
    this.#isSameSpeaker = isSame;
    this.root.classList.toggle('is-same-speaker', isSame);
  }
}

class UtteranceElement extends LineElement {
  #committed = element('span', { class: 'caption-committed' });
  // Outside the tail, lest its underline begin with a space.
  #space = document.createTextNode('');
  // What is still changing is noise to a screen reader or a braille display.
  #tail = element('span', { class: 'caption-tail', 'aria-hidden': 'true' });
  #pieces = 0;

  /** @param {UtteranceLine} line */
  constructor({ speaker }) {
    super();
    // The name has its own direction, lest a Latin one turn an Arabic sentence around; colon and space
    // follow the sentence's.
    const name = speaker ? [element('span', { class: 'caption-speaker' }, element('bdi', {}, speaker), ': ')] : [];
    this.text.append(...name, this.#committed, this.#space, this.#tail);
    this.root.dir = 'auto';
  }

  /** @param {UtteranceLine} line */
  show(line) {
    for (const piece of line.committed.slice(this.#pieces)) this.#committed.append(piece);
    this.#pieces = line.committed.length;
    const words = line.tail.trimStart();
    this.#space.data = line.tail.slice(0, line.tail.length - words.length);
    if (this.#tail.textContent !== words) this.#tail.textContent = words;
    this.root.hidden = textOf(line) === '';
    this.root.classList.toggle('is-closed', line.closed);
    if (line.language) this.root.lang = line.language;
  }
}

class GapElement extends LineElement {
  #words = document.createTextNode('');

  constructor() {
    super();
    this.root.classList.add('is-gap');
    this.root.dir = 'auto';
    this.text.append(this.#words);
  }

  /** @param {GapLine} line */
  show(line) {
    // It is the page that speaks here, in its own language.
    this.root.lang = document.documentElement.lang;
    this.#words.data = gapWords(line);
  }
}

export class CaptionView {
  #container;
  /** @type {Map<string, UtteranceElement | GapElement>} */
  #elements = new Map();
  /** @type {HTMLElement | null} */
  #place = null;

  /** @param {HTMLElement} container nothing else may add children to it */
  constructor(container) {
    this.#container = container;
  }

  /**
   * @param {readonly Line[]} lines what the container is to show, in this order
   * @param {ReadonlyMap<string, string>} [stamps] by key, in front of lines
   */
  render(lines, stamps = NO_STAMPS) {
    const kept = new Set(lines.map(({ key }) => key));
    for (const [key, { root }] of this.#elements) {
      if (kept.has(key)) continue;
      root.remove();
      this.#elements.delete(key);
    }
    let next = this.#container.firstElementChild;
    /** @type {Line | null} */
    let above = null;
    for (const line of lines) {
      const shown = this.#elementFor(line);
      shown.stamp(stamps.get(line.key) ?? '');
      shown.sameSpeaker(isSameVoice(above, line));
      if (shown.root === next) next = next.nextElementSibling;
      else this.#container.insertBefore(shown.root, next);
      above = line;
    }
  }

  /** Says again what the page itself says, after its language has changed. */
  relabel() {
    for (const shown of this.#elements.values()) {
      if (shown instanceof GapElement) shown.show(/** @type {GapLine} */ (shown.line));
    }
  }

  /**
   * Marks a line as the place where someone stopped reading, and no other.
   *
   * @param {string | null} key
   * @param {string} [label]
   */
  markPlace(key, label = '') {
    this.#place?.removeAttribute('data-place');
    this.#place = (key !== null && this.#elements.get(key)?.root) || null;
    this.#place?.setAttribute('data-place', label);
  }

  /** Brings the marked place into the middle of the window, if there is one. */
  showPlace() {
    this.#place?.scrollIntoView({ block: 'center', behavior: 'instant' });
  }

  /** @param {Line} line */
  #elementFor(line) {
    let shown = this.#elements.get(line.key);
    if (!shown) {
      shown = line.kind === 'gap' ? new GapElement() : new UtteranceElement(line);
      this.#elements.set(line.key, shown);
    }
    if (shown.line !== line) shown.show(/** @type {any} a key never changes its kind */ (line));
    shown.line = line;
    return shown;
  }
}

/** @param {Line | null} above @param {Line} line */
function isSameVoice(above, line) {
  if (above?.kind !== 'utterance' || line.kind !== 'utterance') return false;
  return above.session === line.session && above.speaker === line.speaker && textOf(above) !== '';
}
