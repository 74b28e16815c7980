// @ts-check
/**
 * Why there are no captions, where that needs a person. An audience is told nothing else: not that
 * a connection broke, nor that it is back.
 */
import { languageOfPage, setInterfaceLanguage, t } from '../i18n/i18n.js';

/** @typedef {import('../net/reconnecting-socket.js').Loss} Loss */

/** @type {Record<number, string>} */
const BY_CODE = {
  4501: 'overlay.notice.revoked',
  4503: 'overlay.notice.origin',
  4504: 'overlay.notice.quota',
};

export class Notice {
  #element;

  /** @param {HTMLElement} element hidden while there is nothing to say */
  constructor(element) {
    this.#element = element;
  }

  clear() {
    if (!this.#element.hidden) this.#say('');
  }

  /** @param {Loss} loss */
  lost({ code, error, willRetry }) {
    if (willRetry) this.clear();
    else if (error?.code === 'key_required') this.#say('overlay.notice.needs-link');
    else this.#say(BY_CODE[code] ?? 'overlay.notice.version');
  }

  badRoom() {
    this.#say('overlay.notice.room');
  }

  /** @param {string} key "" for nothing */
  #say(key) {
    if (key !== '') setInterfaceLanguage(languageOfPage());
    this.#element.textContent = key === '' ? '' : t(key);
    this.#element.hidden = key === '';
  }
}
