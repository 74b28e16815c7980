// @ts-check
/**
 * The dialog that brings the captions to others: the viewer page's address and QR code, and the
 * overlay's address. An address that only this computer can open is not handed out as one for others.
 */
import { t } from '../i18n/i18n.js';
import { isOwnMachine } from '../net/address.js';
import { Modal } from '../read/modal.js';
import { element } from './element.js';

/** @typedef {import('../net/viewer-link.js').ViewerLink} ViewerLink */

/** How long "Copied" stays. */
const SAID_MS = 4000;

export class MicShare {
  #modal;
  #links;
  #qr = element('img', {
    class: 'qr', width: '232', height: '232', decoding: 'async', hidden: true,
    'data-i18n-attr': 'alt:mic.share.qr',
  });
  /** Everything that carries an address, by whose address it is. @type {Record<string, (address: string) => void>} */
  #show = {};
  #said = element('p', { class: 'share-said', role: 'status' });
  #timer = 0;

  /** @param {import('../net/address.js').Address} page @param {ViewerLink} links */
  constructor(page, links) {
    this.#links = links;
    this.#qr.addEventListener('error', () => (this.#qr.hidden = true));
    this.#modal = new Modal(
      'share', 'mic.share.title',
      isOwnMachine(page)
        ? this.#onlyHere()
        : element('div', { class: 'share-audience' }, this.#qr, this.#link('viewer')),
      this.#link('overlay'),
      this.#said,
    );
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.#said.textContent = '';
    this.#modal.open();
    void this.#write();
  }

  async #write() {
    try {
      const { qr, ...addresses } = await this.#links.addresses();
      for (const [name, show] of Object.entries(this.#show)) {
        show(addresses[/** @type {"viewer" | "overlay"} */ (name)]);
      }
      if (this.#qr.getAttribute('src') === qr) return;
      this.#qr.hidden = false;
      this.#qr.src = qr;
    } catch {
      this.#say(t('mic.share.failed'));
    }
  }

  /** @param {"viewer" | "overlay"} name */
  #link(name) {
    const input = element('input', {
      id: `${name}-address`, type: 'text', readonly: true, dir: 'ltr', lang: '',
      'aria-describedby': `${name}-note`, autocomplete: 'off',
    });
    input.addEventListener('focus', () => input.select());
    const button = (/** @type {string} */ key, /** @type {() => void} */ act) => {
      const made = element('button', { type: 'button', class: 'quiet-button', 'data-i18n': key });
      made.addEventListener('click', act);
      return made;
    };
    const canSend = name === 'viewer' && typeof navigator.share === 'function';
    const look = opening('mic.share.look', 'quiet-button');
    this.#show[name] = (address) => {
      input.value = address;
      look.href = address;
    };
    return element(
      'div', { class: 'field' },
      element('label', { class: 'field-name', for: input.id, 'data-i18n': `mic.share.${name}` }),
      input,
      element('p', { class: 'note', id: `${name}-note`, 'data-i18n': `mic.share.${name}.note` }),
      element(
        'div', { class: 'share-ways' },
        button('mic.share.copy', () => void this.#copy(input)),
        ...(canSend ? [button('mic.share.send', () => void send(input.value))] : []),
        look,
      ),
    );
  }

  /** What to open on this computer instead. */
  #onlyHere() {
    const look = opening('mic.share.local.look', null);
    this.#show.viewer = (address) => (look.href = address);
    return element(
      'section', { class: 'only-here' },
      element('p', { class: 'problem-title', 'data-i18n': 'mic.share.local' }),
      element('p', { 'data-i18n': 'mic.share.local.note' }),
      element('p', {}, look),
    );
  }

  /** @param {HTMLInputElement} input */
  async #copy(input) {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      this.#say(t('mic.share.copied'));
    } catch {
      // Not allowed, or no secure address: it is selected, so the keyboard can copy it.
      this.#say(t('mic.share.select'));
    }
  }

  /** @param {string} words */
  #say(words) {
    this.#said.textContent = words;
    clearTimeout(this.#timer);
    this.#timer = /** @type {any} */ (setTimeout(() => (this.#said.textContent = ''), SAID_MS));
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

/** @param {string} key @param {string | null} className */
function opening(key, className) {
  const attributes = { target: '_blank', rel: 'noopener', class: className };
  return element('a', { ...attributes, 'data-i18n': key });
}
