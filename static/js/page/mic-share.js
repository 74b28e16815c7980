// @ts-check
/**
 * The dialog that brings the captions to others: the viewer page's address and QR code, links that can
 * be taken back, and the overlay's address. An address that only this computer can open is not handed
 * out as one for others.
 */
import { isOwnMachine, overlayAddress, qrAddress, viewerAddress } from '../net/address.js';
import { Modal } from '../read/modal.js';
import { addressField, opening, Said } from './address-field.js';
import { element } from './element.js';
import { MicLinks } from './mic-links.js';

export class MicShare {
  #modal;
  #said = new Said();
  /** @type {MicLinks | null} */
  #links;

  /** @param {import('../net/address.js').Address} page @param {string} room */
  constructor(page, room) {
    const viewer = viewerAddress(page, room);
    const isForOthers = !isOwnMachine(page);
    this.#links = isForOthers ? new MicLinks(page, room, this.#said) : null;
    this.#modal = new Modal(
      'share', 'mic.share.title',
      isForOthers ? this.#forAudience(page, room, viewer) : onlyHere(viewer),
      ...(this.#links ? [this.#links.root] : []),
      addressField('overlay', overlayAddress(page, room), {
        label: 'mic.share.overlay', note: 'mic.share.overlay.note', said: this.#said,
      }),
      this.#said.root,
    );
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.#said.clear();
    void this.#links?.refresh();
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
    const field = addressField('viewer', viewer, {
      label: 'mic.share.viewer', note: 'mic.share.viewer.note', isToSend: true, said: this.#said,
    });
    return element('div', { class: 'share-audience' }, qr, field);
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
