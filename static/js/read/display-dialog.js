// @ts-check
/**
 * The dialog with all reading settings. Each change shows at once on the page behind it. It must not
 * know what settings do.
 */
import { chooseInterfaceLanguage, interfaceLanguage, onInterfaceLanguage } from '../i18n/i18n.js';
import { LANGUAGES } from '../i18n/strings.js';
import { element } from '../page/element.js';
import { Modal } from './modal.js';
import { CHOICES, SIZES, SWITCHES } from './settings.js';

/** @typedef {import('./settings.js').Settings} Settings */

/** Settings that need more words than their name. */
const EXPLAINED = new Set(['tail', 'announce']);

export class DisplayDialog {
  #settings;
  #modal;
  #size = element('input', {
    type: 'range', id: 'read-size', min: String(SIZES.least), max: String(SIZES.most), step: String(SIZES.step),
  });
  #sizeShown = element('output', { for: 'read-size', class: 'size-shown' });

  /** @param {import('./kept-settings.js').KeptSettings} settings */
  constructor(settings) {
    this.#settings = settings;
    const reset = element('button', { type: 'button', class: 'quiet-button', 'data-i18n': 'read.reset' });
    this.#modal = new Modal(
      'display',
      'read.display.title',
      this.#sizeField(),
      ...Object.keys(CHOICES).map((name) => this.#choiceField(name)),
      element('div', { class: 'switches' }, ...SWITCHES.map((name) => this.#switchField(name))),
      languageField(),
      reset,
    );
    reset.addEventListener('click', () => settings.reset());
    settings.follow((current) => this.#show(current));
    onInterfaceLanguage(() => this.#show(settings.current));
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.#modal.open();
  }

  #sizeField() {
    const step = (/** @type {number} */ by, /** @type {string} */ key, /** @type {string} */ className) => {
      const button = element(
        'button',
        { type: 'button', class: `size-step ${className}`, 'data-i18n-attr': `aria-label:${key},title:${key}` },
        'A',
      );
      button.addEventListener('click', () => this.#resize(this.#settings.current.size + by));
      return button;
    };
    this.#size.addEventListener('input', () => this.#resize(this.#size.valueAsNumber));
    return element(
      'div',
      { class: 'field' },
      element(
        'div',
        { class: 'field-name' },
        element('label', { for: 'read-size', 'data-i18n': 'read.size' }),
        this.#sizeShown,
      ),
      element(
        'div',
        { class: 'size' },
        step(-SIZES.step, 'read.smaller', 'is-smaller'),
        this.#size,
        step(SIZES.step, 'read.larger', 'is-larger'),
      ),
    );
  }

  /** @param {number} size drawn into the range */
  #resize(size) {
    this.#settings.change({ size: Math.min(SIZES.most, Math.max(SIZES.least, size)) });
  }

  /** @param {string} name */
  #choiceField(name) {
    const choices = CHOICES[name].map((value) => {
      const input = element('input', { type: 'radio', name: `read-${name}`, value });
      input.addEventListener('change', () => this.#settings.change({ [name]: value }));
      return element(
        'label',
        { class: 'choice', [`data-${name}-choice`]: value },
        input,
        element('span', { class: 'choice-text', 'data-i18n': `look.${name}.${value}` }),
      );
    });
    return element(
      'fieldset',
      { class: 'field' },
      element('legend', { class: 'field-name', 'data-i18n': `look.${name}` }),
      element('div', { class: `choices is-${name}` }, ...choices),
    );
  }

  /** @param {typeof SWITCHES[number]} name */
  #switchField(name) {
    const note = `read-${name}-note`;
    const isExplained = EXPLAINED.has(name);
    const input = element('input', {
      type: 'checkbox', id: `read-${name}`, name, 'aria-describedby': isExplained ? note : null,
    });
    input.addEventListener('change', () => this.#settings.change({ [name]: input.checked }));
    return element(
      'div',
      { class: 'switch' },
      input,
      element('label', { for: `read-${name}`, 'data-i18n': `look.${name}` }),
      ...(isExplained
        ? [element('p', { id: note, class: 'switch-note', 'data-i18n': `look.${name}.note` })]
        : []),
    );
  }

  /** @param {Settings} current */
  #show(current) {
    this.#size.value = String(current.size);
    const shown = (current.size / 100).toLocaleString(interfaceLanguage(), { style: 'percent' });
    this.#size.setAttribute('aria-valuetext', shown);
    this.#sizeShown.textContent = shown;
    for (const input of this.#modal.root.querySelectorAll('input')) {
      const name = /** @type {keyof Settings} */ (input.name.replace('read-', ''));
      if (input.type === 'radio') input.checked = current[name] === input.value;
      if (input.type === 'checkbox') input.checked = current[name] === true;
    }
  }
}

/** @returns {HTMLElement} the language of the buttons, not of the captions */
function languageField() {
  const select = element(
    'select',
    { id: 'read-language', autocomplete: 'off' },
    ...LANGUAGES.map(({ code, name }) => element('option', { value: code, lang: code }, name)),
  );
  select.value = interfaceLanguage();
  select.addEventListener('change', () => chooseInterfaceLanguage(select.value));
  return element(
    'div',
    { class: 'field is-row' },
    element('label', { for: 'read-language', class: 'field-name', 'data-i18n': 'read.language' }),
    select,
  );
}
