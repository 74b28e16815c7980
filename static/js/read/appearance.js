// @ts-check
/**
 * Settings → what the style sheets look at: attributes and one number on a page's root. It must not
 * know where settings come from.
 */
import { CHOICES, SWITCHES } from './settings.js';

/** @typedef {import('./settings.js').Settings} Settings */

/**
 * @param {Settings} settings
 * @param {HTMLElement} root of this page, or of a window of its own
 */
export function dress(settings, root) {
  for (const name of Object.keys(CHOICES)) {
    root.dataset[name] = String(settings[/** @type {keyof Settings} */ (name)]);
  }
  for (const name of SWITCHES) root.dataset[name] = settings[name] ? 'on' : 'off';
  root.style.setProperty('--reading-scale', String(settings.size / 100));
  colourBrowser(root);
}

/** The bar of a phone's browser takes the colour of the page. @param {HTMLElement} root */
function colourBrowser(root) {
  const page = root.ownerDocument;
  let meta = page.querySelector('meta[name="theme-color"]');
  if (!meta) {
    meta = page.createElement('meta');
    meta.setAttribute('name', 'theme-color');
    page.head.append(meta);
  }
  const colour = page.defaultView?.getComputedStyle(root).getPropertyValue('--paper').trim();
  if (colour) meta.setAttribute('content', colour);
}
