// @ts-check
/**
 * How someone likes to read, as data: each setting has its values and a usual one. What comes from
 * storage may be of an older version or of nobody's making, so each value is checked by itself and
 * a wrong one counts as absent. Pure; it must not know where settings are kept or shown.
 */

/**
 * @typedef {"system" | "light" | "dark" | "black" | "yellow" | "white"} Theme
 * @typedef {object} Settings
 * @property {number} size percent of the usual text size
 * @property {Theme} theme
 * @property {"sans" | "serif" | "legible"} font
 * @property {"tight" | "normal" | "wide" | "double"} spacing between lines
 * @property {"narrow" | "normal" | "wide" | "full"} width of the column
 * @property {boolean} times show when something was said
 * @property {boolean} speakers show who said it
 * @property {boolean} tail show words that may still change
 * @property {boolean} announce hand finished sentences to a screen reader or braille display
 */

/** @type {{least: number, most: number, step: number}} percent */
export const SIZES = { least: 50, most: 400, step: 10 };

/** @type {Record<string, readonly string[]>} settings with a few values, in the order of a menu */
export const CHOICES = {
  theme: ['system', 'light', 'dark', 'white', 'black', 'yellow'],
  font: ['sans', 'serif', 'legible'],
  spacing: ['tight', 'normal', 'wide', 'double'],
  width: ['narrow', 'normal', 'wide', 'full'],
};

/** Settings that are on or off, in the order of a menu. */
export const SWITCHES = /** @type {const} */ (['speakers', 'times', 'tail', 'announce']);

/** @type {Readonly<Settings>} */
export const USUAL = {
  size: 100, theme: 'system', font: 'sans', spacing: 'normal', width: 'normal',
  times: false, speakers: true, tail: true, announce: false,
};

/** @param {string} name @param {unknown} value @returns {boolean} */
function isValid(name, value) {
  if (name === 'size') {
    return typeof value === 'number' && value >= SIZES.least && value <= SIZES.most;
  }
  if (Object.hasOwn(CHOICES, name)) return CHOICES[name].includes(/** @type {string} */ (value));
  return typeof value === 'boolean';
}

/** @param {unknown} given anything @returns {Settings} what is valid in it, the usual for the rest */
export function validSettings(given) {
  const values = /** @type {Record<string, unknown>} */ (given ?? {});
  const entries = Object.entries(USUAL).map(([name, usual]) => {
    const isThere = typeof values === 'object' && Object.hasOwn(values, name);
    return [name, isThere && isValid(name, values[name]) ? values[name] : usual];
  });
  const settings = Object.fromEntries(entries);
  return { ...settings, size: SIZES.step * Math.round(settings.size / SIZES.step) };
}

/** @param {string | null} text as stored @returns {Settings} */
export function parseSettings(text) {
  try {
    return validSettings(JSON.parse(text ?? 'null'));
  } catch {
    return { ...USUAL };
  }
}

/**
 * @param {Settings} settings
 * @returns {string | null} what to store: only what is not usual, so that a better usual value of a
 *   later version reaches those who never chose; null when all is usual
 */
export function writeSettings(settings) {
  const own = Object.entries(settings).filter(
    ([name, value]) => value !== USUAL[/** @type {keyof Settings} */ (name)],
  );
  return own.length > 0 ? JSON.stringify(Object.fromEntries(own)) : null;
}
