// @ts-check
/**
 * The dialog that brings the captions to others: the viewer page's address and QR code, and the
 * overlay's address. An address that only this computer can open is not handed out as one for others.
 */
import { t } from '../i18n/i18n.js';
import { isOwnMachine, overlayAddress, qrAddress, viewerAddress } from '../net/address.js';
import { Modal } from '../read/modal.js';
import { element } from './element.js';

/** How long "Copied" stays. */
const SAID_MS = 4000;

export class MicShare {
  #modal;
  #said = element('p', { class: 'share-said', role: 'status' });
  #timer = 0;

  /** @param {import('../net/address.js').Address} page @param {string} room */
  constructor(page, room) {
    const viewer = viewerAddress(page, room);
    this.#modal = new Modal(
      'share', 'mic.share.title',
      isOwnMachine(page) ? onlyHere(viewer) : this.#forAudience(page, room, viewer),
      this.#link('overlay', overlayAddress(page, room)),
      this.#said,
    );
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.#said.textContent = '';
    this.#modal.open();
  }

  /**
   * @param {import('../net/address.js').Address} page
   * @param {string} room
   * @param {string} viewer
   */
  #forAudience(page, room, viewer) {
    const qr = element('img', {
      class: 'qr', src: qrAddress(page, room), width: '232', height: '232', decoding: 'async',
      'data-i18n-attr': 'alt:mic.share.qr',
    });
    qr.addEventListener('error', () => (qr.hidden = true));
    return element('div', { class: 'share-audience' }, qr, this.#link('viewer', viewer));
  }

  /** @param {"viewer" | "overlay"} name @param {string} address */
  #link(name, address) {
    const input = element('input', {
      id: `${name}-address`, type: 'text', readonly: true, value: address, dir: 'ltr', lang: '',
      'aria-describedby': `${name}-note`, autocomplete: 'off',
    });
    input.addEventListener('focus', () => input.select());
    const button = (/** @type {string} */ key, /** @type {() => void} */ act) => {
      const made = element('button', { type: 'button', class: 'quiet-button', 'data-i18n': key });
      made.addEventListener('click', act);
      return made;
    };
    const canSend = name === 'viewer' && typeof navigator.share === 'function';
    return element(
      'div', { class: 'field' },
      element('label', { class: 'field-name', for: input.id, 'data-i18n': `mic.share.${name}` }),
      input,
      element('p', { class: 'note', id: `${name}-note`, 'data-i18n': `mic.share.${name}.note` }),
      element(
        'div', { class: 'share-ways' },
        button('mic.share.copy', () => void this.#copy(input)),
        ...(canSend ? [button('mic.share.send', () => void send(address))] : []),
        opening(address, 'mic.share.look', 'quiet-button'),
      ),
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

/** @param {string} viewer what to open on this computer instead */
function onlyHere(viewer) {
  return element(
    'section', { class: 'only-here' },
    element('p', { class: 'problem-title', 'data-i18n': 'mic.share.local' }),
    element('p', { 'data-i18n': 'mic.share.local.note' }),
    element('p', {}, opening(viewer, 'mic.share.local.look', null)),
  );
}

/** @param {string} address @param {string} key @param {string | null} className */
function opening(address, key, className) {
  const attributes = { href: address, target: '_blank', rel: 'noopener', class: className };
  return element('a', { ...attributes, 'data-i18n': key });
}
