// @ts-check
/**
 * The overlay's address as the settings offer it: to read, to copy, to drag into OBS. A token in it
 * is copied, but not shown: the settings may be on a screen that thousands see.
 */
import { t } from '../i18n/i18n.js';
import { element } from '../page/element.js';
import { addressWith } from './options.js';

/** @typedef {import('./options.js').Options} Options */

/** Parameters that are of use to whoever edits, not to OBS. */
const ONLY_HERE = ['settings', 'ui', 'layer-name', 'layer-width', 'layer-height'];
/** A source as large as most canvases; OBS takes these from an address that is dropped on it. */
const LAYER = { 'layer-name': 'Captions', 'layer-width': '1920', 'layer-height': '1080' };

/** @param {{href: string}} address @param {Options} options @returns {URL} for an OBS source */
export function sourceAddress(address, options) {
  const url = new URL(addressWith(address, options));
  for (const name of ONLY_HERE) url.searchParams.delete(name);
  return url;
}

/** @param {URL} address @returns {string} what may be seen of it */
export function visibleAddress(address) {
  const shown = new URL(address);
  if (shown.hash !== '') shown.hash = '#t=•••';
  return decodeURI(shown.href);
}

/** @param {string} text @param {HTMLInputElement} field in which it may be selected @returns {Promise<boolean>} */
async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not a secure page, or not allowed: the old way needs a field with the whole text in it.
    const shown = field.value;
    field.value = text;
    field.select();
    const isDone = document.execCommand('copy');
    field.value = shown;
    return isDone;
  }
}

export class AddressField {
  root;
  #field = element('input', { id: 'overlay-address', type: 'text', readonly: true, dir: 'ltr' });
  #drag = element('a', { class: 'drag', draggable: 'true' }, t('overlay.settings.drag'));
  #said = element('p', { class: 'said', role: 'status' });
  #address = new URL(location.href);

  constructor() {
    const button = element('button', { type: 'button', class: 'main' }, t('overlay.settings.copy'));
    button.addEventListener('click', () => this.#copy());
    this.#field.addEventListener('focus', () => this.#field.select());
    // A click would open the overlay in place of the settings.
    this.#drag.addEventListener('click', (event) => (event.preventDefault(), this.#copy()));
    this.root = element(
      'div', { class: 'address' },
      element('label', { for: 'overlay-address' }, t('overlay.settings.address')),
      this.#field,
      element('div', { class: 'row' }, button, this.#drag),
      this.#said,
    );
  }

  /** @param {Options} options */
  show(options) {
    this.#address = sourceAddress(location, options);
    this.#field.value = visibleAddress(this.#address);
    const dragged = new URL(this.#address);
    for (const [name, value] of Object.entries(LAYER)) dragged.searchParams.set(name, value);
    this.#drag.href = dragged.href;
    this.#said.textContent = '';
  }

  async #copy() {
    const isDone = await copy(this.#address.href, this.#field);
    this.#said.textContent = t(isDone ? 'overlay.settings.copied' : 'overlay.settings.notCopied');
  }
}
