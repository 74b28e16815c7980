// @ts-check
/**
 * The dialog that asks for the server's key, once for each tab. What is typed goes to the server only,
 * and is tried before the dialog closes. It must not know what happens with a session.
 */
import { localise, t } from '../i18n/i18n.js';
import { Refusal } from '../net/access.js';
import { Modal } from '../read/modal.js';
import { element } from './element.js';

/** @type {Record<number, string>} */
const COMPLAINTS = { 4501: 'mic.key.wrong', 4503: 'mic.key.not-here', 1013: 'mic.key.later' };

export class KeyDialog {
  #access;
  #onGranted;
  #modal;
  #input = element('input', {
    id: 'access-key', type: 'password', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
    required: true, dir: 'ltr', lang: '', 'aria-describedby': 'access-key-note access-key-said',
  });
  #use = element('button', { type: 'submit', class: 'big-button', 'data-i18n': 'mic.key.use' });
  #said = element('p', { id: 'access-key-said', class: 'note is-wrong', role: 'alert' });

  /**
   * @param {import('../net/access.js').Access} access
   * @param {() => void} onGranted called inside the submit, as inside a click
   */
  constructor(access, onGranted) {
    this.#access = access;
    this.#onGranted = onGranted;
    const form = element(
      'form', { class: 'field', novalidate: true },
      element('p', { class: 'key-why', 'data-i18n': 'mic.key.why' }),
      element('label', { class: 'field-name', for: 'access-key', 'data-i18n': 'mic.key.name' }),
      this.#input,
      this.#said,
      element('p', { class: 'note', id: 'access-key-note', 'data-i18n': 'mic.key.note' }),
      element('div', { class: 'key-ways' }, this.#use),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#try();
    });
    this.#input.addEventListener('input', () => this.#complain(null));
    this.#modal = new Modal('key', 'mic.key.title', form);
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.#complain(null);
    localise(this.root);
    this.#modal.open();
    this.#input.focus();
  }

  async #try() {
    if (this.#use.disabled) return;
    this.#use.disabled = true;
    try {
      await this.#access.use(this.#input.value);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.#complain(COMPLAINTS[refusal.code] ?? 'mic.key.unreachable');
      this.#input.focus();
      this.#input.select();
      return;
    } finally {
      this.#use.disabled = false;
    }
    this.#input.value = '';
    this.#modal.close();
    this.#onGranted();
  }

  /** @param {string | null} key of the sentence */
  #complain(key) {
    this.#input.setAttribute('aria-invalid', String(key !== null));
    this.#said.textContent = key === null ? '' : t(key);
  }
}
