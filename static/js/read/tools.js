// @ts-check
/**
 * The buttons of reading. They decide nothing: each says that it was pressed. There are no keyboard
 * shortcuts on purpose: someone dictating would press them by speaking (WCAG 2.1.4).
 */
import { drawing, element } from '../page/element.js';
import { ICONS } from './icons.js';

/**
 * @typedef {"announce" | "hold" | "display" | "save" | "fullScreen" | "popOut"} ToolName
 *
 * @typedef {object} Tool
 * @property {ToolName} name
 * @property {string} key of its name
 * @property {boolean} isSwitch whether it stays pressed
 */

/** @type {Record<ToolName, {key: string, isSwitch: boolean}>} */
const TOOLS = {
  announce: { key: 'look.announce', isSwitch: true },
  hold: { key: 'read.hold', isSwitch: true },
  display: { key: 'read.display', isSwitch: false },
  save: { key: 'read.save', isSwitch: false },
  popOut: { key: 'read.popOut', isSwitch: true },
  fullScreen: { key: 'read.fullScreen', isSwitch: true },
};

export class Tools {
  /** @type {Map<ToolName, HTMLButtonElement>} */
  #buttons = new Map();

  /**
   * @param {HTMLElement} place an empty element, which becomes a group with a name
   * @param {Partial<Record<ToolName, () => void>>} actions a tool without one has no button
   */
  constructor(place, actions) {
    place.classList.add('tools');
    place.setAttribute('role', 'group');
    place.setAttribute('data-i18n-attr', 'aria-label:read.tools');
    for (const [name, { key, isSwitch }] of Object.entries(TOOLS)) {
      const action = actions[/** @type {ToolName} */ (name)];
      if (!action) continue;
      const button = element(
        'button',
        {
          type: 'button', class: `tool is-${name}`, id: `tool-${name}`, 'aria-pressed': isSwitch ? 'false' : null,
          'data-i18n-attr': `title:${key}.title`,
        },
        drawing(ICONS[/** @type {ToolName} */ (name)]),
        element('span', { class: 'tool-name', 'data-i18n': key }),
      );
      button.addEventListener('click', action);
      this.#buttons.set(/** @type {ToolName} */ (name), button);
      place.append(button);
    }
  }

  /** @param {ToolName} name @param {boolean} isPressed */
  press(name, isPressed) {
    this.#buttons.get(name)?.setAttribute('aria-pressed', String(isPressed));
  }

  /** @param {ToolName} name */
  focus(name) {
    this.#buttons.get(name)?.focus({ preventScroll: true });
  }
}
