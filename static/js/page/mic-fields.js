// @ts-check
/** Fields of the mic page's dialogs: a group with a heading, and a choice of one of several. */
import { element } from './element.js';

/**
 * @param {string} key of its heading
 * @param {...Node} children
 * @returns {HTMLFieldSetElement}
 */
export function section(key, ...children) {
  return element(
    'fieldset', { class: 'field setup-section' },
    element('legend', { class: 'field-name', 'data-i18n': key }),
    ...children,
  );
}

/**
 * @param {string} name of the group of radio buttons
 * @param {(value: string) => string} keyOf a value's name
 * @param {readonly string[]} values
 * @param {string} chosen
 * @param {(value: string) => void} onChoose
 * @returns {HTMLElement}
 */
export function choices(name, keyOf, values, chosen, onChoose) {
  const one = (/** @type {string} */ value) => {
    const input = element('input', { type: 'radio', name: `mic-${name}`, value, id: `${name}-${value}` });
    input.checked = value === chosen;
    input.addEventListener('change', () => onChoose(value));
    return element(
      'label', { class: 'choice' },
      input,
      element('span', { class: 'choice-text', 'data-i18n': keyOf(value) }),
    );
  };
  return element('div', { class: `choices is-${name}` }, ...values.map(one));
}
