// @ts-check
/** An address to hand on: to read, to copy, to send with the system's own means, to open. */
import { t } from '../i18n/i18n.js';
import { element } from './element.js';

/** How long "Copied" stays. */
const SAID_MS = 4000;

/** Where a dialog says what became of a press of a button; screen readers say it, too. */
export class Said {
  root = element('p', { class: 'share-said', role: 'status' });
  #timer = 0;

  /** @param {string} words */
  say(words) {
    this.root.textContent = words;
    clearTimeout(this.#timer);
    this.#timer = /** @type {any} */ (setTimeout(() => this.clear(), SAID_MS));
  }

  clear() {
    this.root.textContent = '';
  }
}

export class AddressField {
  root;
  input;
  #look = opening('mic.share.look', 'quiet-button');

  /**
   * @param {string} name for ids
   * @param {object} options
   * @param {string} options.label key of its heading
   * @param {string} options.note key of the sentence below it
   * @param {boolean} [options.isToSend] whether to offer the system's way to send it
   * @param {Said} options.said
   */
  constructor(name, { label, note, isToSend = false, said }) {
    this.input = element('input', {
      id: `${name}-address`, type: 'text', readonly: true, dir: 'ltr', lang: '',
      'aria-describedby': `${name}-note`, autocomplete: 'off',
    });
    const { input } = this;
    input.addEventListener('focus', () => input.select());
    const canSend = isToSend && typeof navigator.share === 'function';
    this.root = element(
      'div', { class: 'field' },
      element('label', { class: 'field-name', for: input.id, 'data-i18n': label }),
      input,
      element('p', { class: 'note', id: `${name}-note`, 'data-i18n': note }),
      element(
        'div', { class: 'share-ways' },
        button('mic.share.copy', () => void copy(input, said)),
        ...(canSend ? [button('mic.share.send', () => void send(input.value))] : []),
        this.#look,
      ),
    );
  }

  /** @param {string} address */
  show(address) {
    this.input.value = address;
    this.#look.href = address;
  }
}

/** @param {string} key @param {() => void} act @returns {HTMLButtonElement} */
export function button(key, act) {
  const made = element('button', { type: 'button', class: 'quiet-button', 'data-i18n': key });
  made.addEventListener('click', act);
  return made;
}

/** @param {string} key @param {string | null} className @returns {HTMLAnchorElement} without an address yet */
export function opening(key, className) {
  const attributes = { target: '_blank', rel: 'noopener', class: className };
  return element('a', { ...attributes, 'data-i18n': key });
}

/** @param {HTMLInputElement} input @param {Said} said */
async function copy(input, said) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    said.say(t('mic.share.copied'));
  } catch {
    // Not allowed, or no secure address: it is selected, so the keyboard can copy it.
    said.say(t('mic.share.select'));
  }
}

/** @param {string} address */
async function send(address) {
  try {
    await navigator.share({ title: document.title, url: address });
  } catch {
    // Whoever closed the system's dialog has changed their mind, and knows it.
  }
}
