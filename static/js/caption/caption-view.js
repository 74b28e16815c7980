// @ts-check
/**
 * Lines of captions as elements, touching only what changed. Text reaches the page through text
 * nodes alone, so a caption can never become markup; a committed piece gets its own text node,
 * which is then left alone for ever.
 *
 * It must not know where lines come from. The class names are public: OBS users style them.
 *
 *     p.caption-line [.is-closed | .is-gap]
 *       span.caption-text
 *         span.caption-speaker? span.caption-committed span.caption-tail
 */
import { textOf } from './caption-lines.js';
import { gapWords } from './gap-words.js';

/**
 * @typedef {import('./caption-lines.js').Line} Line
 * @typedef {import('./caption-lines.js').UtteranceLine} UtteranceLine
 * @typedef {import('./caption-lines.js').GapLine} GapLine
 */

/** @param {string} name @param {string} className @param {string} [text] */
function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  if (text !== '') made.append(text);
  return made;
}

class UtteranceElement {
  /** @type {HTMLElement} */
  root = element('p', 'caption-line');
  #committed = element('span', 'caption-committed');
  #tail = element('span', 'caption-tail');
  #pieces = 0;

  /** @param {UtteranceLine} line */
  constructor({ speaker }) {
    const text = element('span', 'caption-text');
    if (speaker) text.append(element('span', 'caption-speaker', `${speaker}: `));
    text.append(this.#committed, this.#tail);
    this.root.append(text);
    this.root.dir = 'auto';
  }

  /** @param {UtteranceLine} line */
  show(line) {
    for (const piece of line.committed.slice(this.#pieces)) this.#committed.append(piece);
    this.#pieces = line.committed.length;
    if (this.#tail.textContent !== line.tail) this.#tail.textContent = line.tail;
    this.root.hidden = textOf(line) === '';
    this.root.classList.toggle('is-closed', line.closed);
    if (line.language) this.root.lang = line.language;
  }
}

class GapElement {
  /** @type {HTMLElement} */
  root = element('p', 'caption-line is-gap');
  #text = element('span', 'caption-text');

  constructor() {
    this.root.append(this.#text);
  }

  /** @param {GapLine} line */
  show(line) {
    this.#text.textContent = gapWords(line);
  }
}

export class CaptionView {
  #container;
  /** @type {Map<string, UtteranceElement | GapElement>} */
  #elements = new Map();
  /** @type {readonly Line[]} */
  #shown = [];

  /** @param {HTMLElement} container nothing else may add children to it */
  constructor(container) {
    this.#container = container;
  }

  /** @param {readonly Line[]} lines what the container is to show, in this order */
  render(lines) {
    const kept = new Set(lines.map(({ key }) => key));
    for (const [key, { root }] of this.#elements) {
      if (kept.has(key)) continue;
      root.remove();
      this.#elements.delete(key);
    }
    let next = this.#container.firstElementChild;
    for (const [i, line] of lines.entries()) {
      const { root } = this.#elementFor(line, line !== this.#shown[i]);
      if (root === next) next = next.nextElementSibling;
      else this.#container.insertBefore(root, next);
    }
    this.#shown = lines;
  }

  /** @param {Line} line @param {boolean} isNews whether it is not what was shown last time */
  #elementFor(line, isNews) {
    let shown = this.#elements.get(line.key);
    if (!shown) {
      shown = line.kind === 'gap' ? new GapElement() : new UtteranceElement(line);
      this.#elements.set(line.key, shown);
    }
    if (isNews) shown.show(/** @type {any} a key never changes its kind */ (line));
    return shown;
  }
}
