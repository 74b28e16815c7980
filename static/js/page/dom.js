// @ts-check
/** The elements that a page is known to have, found and written to. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{new(): T}} kind
 * @returns {T}
 * @throws {Error} when the page has no such element
 */
export function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} named ${id}`);
  return found;
}

/** @param {string} id @param {string} text */
export function write(id, text) {
  const place = find(id, HTMLElement);
  // Writing the same words again would make a screen reader say them again.
  if (place.textContent !== text) place.textContent = text;
}
