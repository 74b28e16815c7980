// @ts-check
/**
 * The dialog to take the captions along: copied, or as files made from what this page holds; and
 * where the server keeps the whole, links to that.
 */
import { interfaceLanguage, localise, t } from '../i18n/i18n.js';
import { element } from '../page/element.js';
import { toSrt, toText, toVtt } from './exporters.js';
import { Modal } from './modal.js';
import { copyText, saveText } from './take-away.js';

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 * @typedef {import('./settings.js').Settings} Settings
 *
 * @typedef {object} SaveSource
 * @property {() => readonly Line[]} lines all that the page holds now
 * @property {() => Settings} settings
 * @property {string} room for the names of files
 * @property {string | null} transcriptUrl of the server's own transcript, to which `?format=` is added
 * @property {() => Record<string, string>} credentials headers that the server wants for it
 */

/** What a page makes itself. @type {Record<string, {type: string, write: (lines: readonly Line[]) => string}>} */
const SUBTITLES = {
  srt: { type: 'application/x-subrip', write: toSrt },
  vtt: { type: 'text/vtt', write: toVtt },
};
const SERVER_FORMATS = ['txt', 'srt', 'vtt', 'json'];

export class SaveDialog {
  #source;
  #modal;
  #count = element('p', { class: 'save-count' });
  #said = element('p', { class: 'save-said', role: 'status' });
  #whole = element('div', { class: 'save-whole', hidden: true });

  /** @param {SaveSource} source */
  constructor(source) {
    this.#source = source;
    const copy = element('button', { type: 'button', class: 'big-button', 'data-i18n': 'read.copy' });
    copy.addEventListener('click', () => void this.#copy());
    this.#modal = new Modal(
      'save',
      'read.save.title',
      this.#count,
      element('div', { class: 'save-ways' }, copy, this.#button('txt'), this.#button('srt'), this.#button('vtt')),
      this.#said,
      this.#whole,
    );
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    const count = this.#source.lines().filter(({ kind }) => kind === 'utterance').length;
    this.#count.textContent = t('read.save.count', { count });
    this.#said.textContent = '';
    this.#modal.open();
    void this.#offerWhole();
  }

  /** @param {string} format */
  #button(format) {
    const button = element('button', {
      type: 'button', class: 'big-button', 'data-i18n': `read.save.${format}`,
    });
    button.addEventListener('click', () => this.#save(format));
    return button;
  }

  #text() {
    const { times, speakers } = this.#source.settings();
    const clock = new Intl.DateTimeFormat(interfaceLanguage(), { timeStyle: 'medium' });
    return toText(this.#source.lines(), { times, speakers, clock: (ms) => clock.format(ms) });
  }

  async #copy() {
    const isDone = await copyText(this.#text(), this.#modal.root);
    this.#said.textContent = isDone ? t('read.copied') : t('read.copy-failed');
  }

  /** @param {string} format */
  #save(format) {
    const name = `${this.#source.room}-${localDate(new Date())}.${format}`;
    const made = Object.hasOwn(SUBTITLES, format) ? SUBTITLES[format] : null;
    saveText(name, made?.type ?? 'text/plain', made ? made.write(this.#source.lines()) : this.#text());
    this.#said.textContent = t('read.saved', { name });
  }

  /** Links to the server's own transcript, if it keeps one of this room. */
  async #offerWhole() {
    const { transcriptUrl, credentials } = this.#source;
    if (transcriptUrl === null) return;
    const isKept = await isThere(`${transcriptUrl}?format=txt`, credentials());
    this.#whole.hidden = !isKept;
    if (!isKept || this.#whole.childElementCount > 0) return;
    const links = SERVER_FORMATS.map((format) => {
      const link = element('a', {
        href: `${transcriptUrl}?format=${format}`, download: `${this.#source.room}.${format}`,
        'data-i18n': `read.whole.${format}`,
      });
      link.addEventListener('click', (event) => {
        if (Object.keys(credentials()).length === 0) return;
        // A link sends no headers.
        event.preventDefault();
        void this.#fetchWhole(link);
      });
      return element('li', {}, link);
    });
    this.#whole.append(
      element('h3', { class: 'field-name', 'data-i18n': 'read.whole' }), element('ul', {}, ...links),
    );
    localise(this.#whole);
  }

  /** @param {HTMLAnchorElement} link */
  async #fetchWhole({ href, download }) {
    try {
      const answer = await fetch(href, { headers: this.#source.credentials() });
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      saveText(download, answer.headers.get('Content-Type') ?? 'text/plain', await answer.text());
      this.#said.textContent = t('read.saved', { name: download });
    } catch {
      this.#said.textContent = t('read.whole.failed');
    }
  }
}

/** @param {string} url @param {Record<string, string>} headers @returns {Promise<boolean>} */
async function isThere(url, headers) {
  try {
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(url, { method: 'HEAD', cache: 'no-store', headers, signal });
    return answer.ok;
  } catch {
    return false;
  }
}

/** @param {Date} date @returns {string} as in 2026-11-23, where the reader is */
function localDate(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
