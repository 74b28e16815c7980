// @ts-check
/**
 * The dialog that brings the captions to others: the viewer page's address and QR code, links that can
 * be taken back, and the overlay's address. An address that only this computer can open is not handed
 * out as one for others.
 */
import { t } from '../i18n/i18n.js';
import { isOwnMachine } from '../net/address.js';
import { Modal } from '../read/modal.js';
import { AddressField, opening, Said } from './address-field.js';
import { element } from './element.js';
import { MicLinks } from './mic-links.js';

/** @typedef {import('../net/viewer-link.js').ViewerLink} ViewerLink */

export class MicShare {
  #modal;
  #addresses;
  #said = new Said();
  #qr = element('img', {
    class: 'qr', width: '232', height: '232', decoding: 'async', hidden: true,
    'data-i18n-attr': 'alt:mic.share.qr',
  });
  #viewer = new AddressField('viewer', {
    label: 'mic.share.viewer', note: 'mic.share.viewer.note', isToSend: true, said: this.#said,
  });
  #overlay = new AddressField('overlay', {
    label: 'mic.share.overlay', note: 'mic.share.overlay.note', said: this.#said,
  });
  /** What to open on this computer instead. */
  #look = opening('mic.share.local.look', null);
  /** @type {MicLinks | null} */
  #links;

  /**
   * @param {import('../net/address.js').Address} page
   * @param {string} room
   * @param {import('../net/access.js').Access} access
   * @param {ViewerLink} addresses
   */
  constructor(page, room, access, addresses) {
    this.#addresses = addresses;
    this.#qr.addEventListener('error', () => (this.#qr.hidden = true));
    const isForOthers = !isOwnMachine(page);
    this.#links = isForOthers ? new MicLinks(page, room, access, this.#said) : null;
    this.#modal = new Modal(
      'share', 'mic.share.title',
      isForOthers
        ? element('div', { class: 'share-audience' }, this.#qr, this.#viewer.root)
        : onlyHere(this.#look),
      ...(this.#links ? [this.#links.root] : []),
      this.#overlay.root,
      this.#said.root,
    );
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.#said.clear();
    this.#modal.open();
    void this.#write();
  }

  async #write() {
    try {
      const { qr, viewer, overlay } = await this.#addresses.addresses();
      this.#viewer.show(viewer);
      this.#overlay.show(overlay);
      this.#look.href = viewer;
      if (this.#qr.getAttribute('src') !== qr) {
        this.#qr.hidden = false;
        this.#qr.src = qr;
      }
    } catch {
      this.#said.say(t('mic.share.failed'));
    }
    // Now those that this dialog needed itself are among them.
    await this.#links?.refresh();
  }
}

/** @param {HTMLElement} look */
function onlyHere(look) {
  return element(
    'section', { class: 'only-here' },
    element('p', { class: 'problem-title', 'data-i18n': 'mic.share.local' }),
    element('p', { 'data-i18n': 'mic.share.local.note' }),
    element('p', {}, look),
  );
}
