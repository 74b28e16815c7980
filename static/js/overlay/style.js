// @ts-check
/**
 * Options as custom properties of the page, which `overlay.css` turns into looks. They are set on
 * the root element under names of their own, so that an OBS user's Custom CSS, which speaks of
 * `.caption-overlay`, always has the last word. Values come from `options.js` alone.
 */

/** @typedef {import('./options.js').Options} Options */

/** Fonts that systems have; the first one that is there is taken. @type {Record<string, string>} */
export const FONTS = {
  sans: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  serif: 'Georgia, "Noto Serif", "DejaVu Serif", serif',
  mono: '"Cascadia Mono", Consolas, Menlo, "DejaVu Sans Mono", monospace',
  rounded: '"Nunito", "Arial Rounded MT Bold", "Hiragino Maru Gothic ProN", "Segoe UI", sans-serif',
  condensed: '"Roboto Condensed", "Arial Narrow", "DejaVu Sans Condensed", "Noto Sans", sans-serif',
  readable: '"Atkinson Hyperlegible", Verdana, "DejaVu Sans", sans-serif',
  casual: '"Comic Neue", "Comic Sans MS", "Chalkboard SE", sans-serif',
};

const CASES = { none: 'none', upper: 'uppercase', lower: 'lowercase' };

/** @param {string} digits six or eight @param {number} [percent] @returns {string} a CSS colour */
function colour(digits, percent = 100) {
  const [red, green, blue, alpha = 255] = (digits.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
  return `rgba(${red}, ${green}, ${blue}, ${Number(((alpha / 255) * (percent / 100)).toFixed(3))})`;
}

/** @param {Options} options @returns {Record<string, string>} custom properties */
export function propertiesOf(options) {
  return {
    '--set-font': FONTS[options.font],
    '--set-size': String(options.size),
    '--set-weight': String(options.weight),
    '--set-case': CASES[/** @type {"none"} */ (options.case)],
    '--set-color': colour(options.color),
    '--set-outline': String(options.outline),
    '--set-outline-color': options.outline > 0 ? colour(options.outlinecolor) : 'transparent',
    '--set-shadow': String(options.shadow),
    '--set-shadow-color': options.shadow > 0 ? 'rgba(0, 0, 0, 0.9)' : 'transparent',
    '--set-background': colour(options.bg, options.box === 'none' ? 0 : options.opacity),
    '--set-lines': String(options.lines),
    '--set-width': String(options.width),
    '--set-align': options.align,
    '--set-margin': String(options.margin),
    '--set-tail-color': colour(options.tail),
    '--set-name-color': colour(options.namecolor),
    '--set-fade': `${options.fade}s`,
    '--set-roll': `${options.roll}s`,
  };
}

/** @param {Options} options @returns {string[]} classes of the overlay, of those in `LOOKS` */
export function looksOf({ box, place, anchor }) {
  return [`is-${place}`, `is-${anchor}`, ...(box === 'block' ? ['is-block'] : [])];
}

/** Every class that `looksOf` may name. */
export const LOOKS = ['is-center', 'is-left', 'is-right', 'is-bottom', 'is-top', 'is-block'];

/**
 * @param {HTMLElement} page the root element
 * @param {HTMLElement} overlay
 * @param {Options} options
 */
export function dress(page, overlay, options) {
  for (const [name, value] of Object.entries(propertiesOf(options))) page.style.setProperty(name, value);
  overlay.classList.remove(...LOOKS);
  overlay.classList.add(...looksOf(options));
}
