// @ts-check
/**
 * One form field for each option of the table, with its name in the reader's language. It must not
 * know what options do.
 */
import { t } from '../i18n/i18n.js';
import { element } from '../page/element.js';
import { OPTIONS, valueOf } from './options.js';

/**
 * @typedef {import('./options.js').Option} Option
 * @typedef {import('./options.js').NumberOption} NumberOption
 * @typedef {import('./options.js').Options} Options
 * @typedef {import('./options.js').Value} Value
 *
 * @typedef {object} Field
 * @property {HTMLElement} root
 * @property {(value: Value) => void} set
 */

/** @type {Record<Option["kind"], (option: any, id: string, onChange: (text: string) => void) => {root: Node[], set: (value: any) => void}>} */
const CONTROLS = { number: numberControl, choice: choiceControl, colour: colourControl, toggle: toggleControl };

/**
 * @param {(name: string, value: Value) => void} onChange
 * @returns {{groups: Map<string, HTMLFieldSetElement>, show: (options: Options) => void}} a field set
 *   for each group, in the order of the table
 */
export function optionFields(onChange) {
  /** @type {Map<string, HTMLFieldSetElement>} */
  const groups = new Map();
  /** @type {Map<string, Field>} */
  const fields = new Map();
  for (const option of OPTIONS) {
    const field = fieldFor(option, (text) => onChange(option.name, valueOf(option, text)));
    fields.set(option.name, field);
    if (!groups.has(option.group)) groups.set(option.group, fieldSet(option.group));
    groups.get(option.group)?.append(field.root);
  }
  const show = (/** @type {Options} */ options) => {
    for (const [name, { set }] of fields) set(options[name]);
  };
  return { groups, show };
}

/** @param {string} group */
function fieldSet(group) {
  return element('fieldset', {}, element('legend', {}, t(`overlay.group.${group}`)));
}

/** @param {Option} option @param {(text: string) => void} onChange @returns {Field} */
function fieldFor(option, onChange) {
  const { name } = option;
  const id = `option-${name}`;
  const { root, set } = CONTROLS[option.kind](option, id, onChange);
  const label = element('label', { for: id }, t(`overlay.option.${name}`));
  return { root: element('div', { class: `field is-${option.kind}` }, label, ...root), set };
}

/** @param {NumberOption} option @param {string} id @param {(text: string) => void} onChange */
function numberControl({ least, most, step, unit, reach }, id, onChange) {
  const range = { min: String(least), step: String(step) };
  const exact = element('input', { ...range, id, type: 'number', max: String(most) });
  // For the mouse only; the number beside it says and does the same.
  const slider = element('input', {
    ...range, type: 'range', max: String(reach), tabindex: '-1', 'aria-hidden': 'true',
  });
  slider.addEventListener('input', () => onChange((exact.value = slider.value)));
  exact.addEventListener('input', () => {
    if (!exact.validity.valid || exact.value === '') return;
    slider.value = exact.value;
    onChange(exact.value);
  });
  const set = (/** @type {number} */ value) => {
    slider.value = String(value);
    if (document.activeElement !== exact) exact.value = String(value);
  };
  return { root: [slider, exact, element('span', { class: 'unit' }, unit)], set };
}

/** @param {{name: string, choices: string[]}} option @param {string} id @param {(text: string) => void} onChange */
function choiceControl({ name, choices }, id, onChange) {
  const menu = element('select', { id });
  for (const value of choices) {
    menu.append(element('option', { value }, t(`overlay.choice.${name}.${value}`)));
  }
  menu.addEventListener('change', () => onChange(menu.value));
  return { root: [menu], set: (/** @type {string} */ value) => void (menu.value = value) };
}

/** @param {Option} _option @param {string} id @param {(text: string) => void} onChange */
function colourControl(_option, id, onChange) {
  const well = element('input', { id, type: 'color' });
  well.addEventListener('input', () => onChange(well.value));
  return { root: [well], set: (/** @type {string} */ value) => void (well.value = `#${value.slice(0, 6)}`) };
}

/** @param {Option} _option @param {string} id @param {(text: string) => void} onChange */
function toggleControl(_option, id, onChange) {
  const box = element('input', { id, type: 'checkbox' });
  box.addEventListener('change', () => onChange(box.checked ? '1' : '0'));
  return { root: [box], set: (/** @type {boolean} */ value) => void (box.checked = value) };
}
