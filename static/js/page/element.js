// @ts-check
/** Elements made in one expression. Text gets in as text nodes only, so it can never become markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Record<string, string | boolean | null>} Attributes true: present; false, null: absent */

/** @param {Element} made @param {Attributes} attributes */
function dress(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    made.setAttribute(name, value === true ? '' : value);
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[N]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  dress(made, attributes);
  made.append(...children);
  return made;
}

/**
 * @param {string} path what an icon of 24 × 24 draws
 * @returns {SVGElement} without meaning of its own: its button has a name
 */
export function drawing(path) {
  const svg = document.createElementNS(SVG, 'svg');
  dress(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' });
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}
