// @ts-check
/**
 * Everything that an overlay can be told, in one table: the address, the settings and the
 * documentation are made from it. Pure.
 *
 *     /overlay/main?lines=3&color=ffee00&hold=10
 *
 * An address may come from a stranger, so a number is drawn into its range, and any other value
 * that is not one of the table's is as if it were absent.
 */

/**
 * @typedef {object} Common
 * @property {string} name in the address
 * @property {string} group
 * @typedef {Common & {kind: "number", usual: number, least: number, most: number, step: number,
 *   unit: string, reach: number}} NumberOption `reach`: as far as a slider goes
 * @typedef {Common & {kind: "choice", usual: string, choices: readonly string[]}} ChoiceOption
 * @typedef {Common & {kind: "colour", usual: string}} ColourOption six or eight hexadecimal digits
 * @typedef {Common & {kind: "toggle", usual: boolean}} ToggleOption
 * @typedef {NumberOption | ChoiceOption | ColourOption | ToggleOption} Option
 * @typedef {number | string | boolean} Value
 * @typedef {Readonly<Record<string, any>>} Options a value of the right kind for each name
 */

/**
 * @param {string} group
 * @param {string} name
 * @param {number} usual
 * @param {{least: number, most: number, step: number, unit?: string, reach?: number}} range
 * @returns {NumberOption}
 */
const number = (group, name, usual, { least, most, step, unit = '', reach = most }) => ({
  kind: 'number', group, name, usual, least, most, step, unit, reach,
});

/**
 * @param {string} group
 * @param {string} name
 * @param {readonly string[]} choices the first is the usual one
 * @returns {ChoiceOption}
 */
const choice = (group, name, choices) => ({ kind: 'choice', group, name, usual: choices[0], choices });

/** @param {string} group @param {string} name @param {string} usual @returns {ColourOption} */
const colour = (group, name, usual) => ({ kind: 'colour', group, name, usual });

/** @param {string} group @param {string} name @param {boolean} usual @returns {ToggleOption} */
const toggle = (group, name, usual) => ({ kind: 'toggle', group, name, usual });

/** @type {readonly Option[]} lengths in "px" are those of a source 1920 pixels wide */
export const OPTIONS = [
  choice('text', 'font', ['sans', 'serif', 'mono', 'rounded', 'condensed', 'readable', 'casual']),
  number('text', 'size', 72, { least: 12, most: 300, step: 1, unit: 'px', reach: 160 }),
  number('text', 'weight', 600, { least: 100, most: 900, step: 100 }),
  choice('text', 'case', ['none', 'upper', 'lower']),
  colour('text', 'color', 'ffffff'),
  number('text', 'outline', 0, { least: 0, most: 12, step: 0.5, unit: 'px' }),
  colour('text', 'outlinecolor', '000000'),
  number('text', 'shadow', 0, { least: 0, most: 20, step: 1, unit: 'px' }),
  choice('box', 'box', ['line', 'block', 'none']),
  colour('box', 'bg', '000000'),
  number('box', 'opacity', 70, { least: 0, most: 100, step: 5, unit: '%' }),
  number('layout', 'lines', 2, { least: 1, most: 10, step: 1 }),
  number('layout', 'width', 37, { least: 10, most: 100, step: 1, reach: 60 }),
  choice('layout', 'align', ['start', 'center', 'end']),
  choice('layout', 'place', ['center', 'left', 'right']),
  choice('layout', 'anchor', ['bottom', 'top']),
  number('layout', 'margin', 4, { least: 0, most: 80, step: 1, unit: '%', reach: 50 }),
  toggle('words', 'partials', true),
  colour('words', 'tail', 'd5dae1'),
  choice('words', 'breaks', ['speaker', 'utterance']),
  toggle('words', 'names', true),
  colour('words', 'namecolor', 'ffd84d'),
  number('time', 'hold', 5, { least: 0, most: 600, step: 0.5, unit: 's', reach: 30 }),
  number('time', 'fade', 0.6, { least: 0, most: 5, step: 0.1, unit: 's' }),
  number('time', 'least', 1.5, { least: 0, most: 10, step: 0.1, unit: 's', reach: 5 }),
  number('time', 'roll', 0.15, { least: 0, most: 1, step: 0.05, unit: 's' }),
  number('time', 'delay', 0, { least: 0, most: 60, step: 0.1, unit: 's', reach: 30 }),
  toggle('obs', 'obs', false),
];

const COLOUR = /^#?(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
/** @type {Readonly<Record<string, boolean>>} */
const WORDS = { 1: true, true: true, on: true, yes: true, 0: false, false: false, off: false, no: false };

/** @type {Options} */
export const USUAL = Object.freeze(Object.fromEntries(OPTIONS.map(({ name, usual }) => [name, usual])));

/**
 * @param {Option} option
 * @param {string | null} text as written in an address or a field
 * @returns {Value} the usual value when the text is no value at all
 */
export function valueOf(option, text) {
  const written = (text ?? '').trim();
  if (option.kind === 'number') return numberOf(option, written);
  if (option.kind === 'choice') return option.choices.includes(written) ? written : option.usual;
  if (option.kind === 'colour') return COLOUR.test(written) ? digitsOf(written) : option.usual;
  const word = written.toLowerCase();
  return Object.hasOwn(WORDS, word) ? WORDS[word] : option.usual;
}

/** @param {NumberOption} option @param {string} written @returns {number} on a step, in its range */
function numberOf({ least, most, step, usual }, written) {
  const value = written === '' ? Number.NaN : Number(written);
  if (!Number.isFinite(value)) return usual;
  const onStep = Math.round((value - least) / step) * step + least;
  return Number(Math.max(least, Math.min(most, onStep)).toFixed(2));
}

/** @param {string} written @returns {string} six digits, or eight where it is not opaque */
function digitsOf(written) {
  const digits = written.replace('#', '').toLowerCase();
  return digits.length > 4 ? digits : [...digits].map((digit) => digit + digit).join('');
}

/** @param {{href: string}} address @returns {Options} */
export function optionsFrom({ href }) {
  const query = new URL(href).searchParams;
  return Object.freeze(
    Object.fromEntries(OPTIONS.map((option) => [option.name, valueOf(option, query.get(option.name))])),
  );
}

/**
 * @param {{href: string}} address
 * @param {Options} options
 * @returns {string} the address with these options and no others of ours; usual ones are left out
 */
export function addressWith({ href }, options) {
  const url = new URL(href);
  for (const { name, kind, usual } of OPTIONS) {
    const value = options[name];
    if (value === usual) url.searchParams.delete(name);
    else url.searchParams.set(name, kind === 'toggle' ? (value ? '1' : '0') : String(value));
  }
  return url.href;
}
