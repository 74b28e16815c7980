// @ts-check
/** Text leaves the page: into the clipboard, or as a file made here without asking a server. */
import { element } from '../page/element.js';

/**
 * @param {string} text
 * @param {HTMLElement} host an element that may hold the focus now; a page without https needs it
 * @returns {Promise<boolean>} whether it is in the clipboard
 */
export async function copyText(text, host) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No https, or no permission: the old way works inside a click.
    return copySelected(text, host);
  }
}

/** @param {string} text @param {HTMLElement} host @returns {boolean} */
function copySelected(text, host) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const area = element('textarea', { class: 'visually-hidden', readonly: true });
  area.value = text;
  host.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
    focused?.focus();
  }
}

/**
 * @param {string} name of the file
 * @param {string} type MIME type
 * @param {string} text
 */
export function saveText(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: type.includes('charset') ? type : `${type};charset=utf-8` }));
  const link = element('a', { href: url, download: name });
  link.click();
  // The browser has its own reference by the next turn; Safari wants a moment more.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
