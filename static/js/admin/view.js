// @ts-check
/** The operator's page as elements. What has not changed is not written again. */
import { find, write } from '../page/dom.js';
import { element } from '../page/element.js';

/** @typedef {import('./state.js').Tile} Tile */

/** @param {readonly Tile[]} tiles */
export function showTiles(tiles) {
  const list = find('tiles', HTMLDListElement);
  while (list.children.length > tiles.length) list.lastElementChild?.remove();
  tiles.forEach((tile, index) => {
    const place = list.children[index] ?? list.appendChild(emptyTile());
    place.classList.toggle('is-late', Boolean(tile.late));
    fill(place, '.tile-name', tile.name);
    fill(place, '.tile-value', tile.value);
    fill(place, '.tile-note', tile.note);
  });
}

/** @param {readonly string[]} sentences */
export function showProblems(sentences) {
  const list = find('problems', HTMLUListElement);
  const shown = [...list.children].map((item) => item.textContent);
  // An alert that is written again is read out again.
  if (sentences.join('\n') === shown.join('\n')) return;
  list.replaceChildren(...sentences.map((sentence) => element('li', {}, sentence)));
  list.hidden = sentences.length === 0;
}

/**
 * @param {string} id of the place; "no-" and the id is what is shown when there are no rows
 * @param {readonly string[]} heads
 * @param {readonly string[][]} rows the first cell of a row names it
 */
export function showTable(id, heads, rows) {
  const place = find(id, HTMLElement);
  place.hidden = rows.length === 0;
  find(`no-${id}`, HTMLElement).hidden = rows.length > 0;
  let table = place.querySelector('table');
  if (table === null) {
    const titles = heads.map((head) => element('th', { scope: 'col' }, head));
    table = element('table', {}, element('thead', {}, element('tr', {}, ...titles)), element('tbody'));
    place.append(table);
  }
  const body = /** @type {HTMLTableSectionElement} */ (table.tBodies[0]);
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, index) => {
    const row = body.rows[index] ?? body.appendChild(emptyRow(cells.length));
    cells.forEach((cell, column) => {
      const at = row.cells[column];
      if (at !== undefined && at.textContent !== cell) at.textContent = cell;
    });
  });
}

/** @param {string} status @param {string} words @param {string} about */
export function showStatus(status, words, about) {
  document.body.dataset['status'] = status;
  write('status', words);
  write('about', about);
}

/** @param {{words: string, button: string}} words @param {boolean} usable */
export function showDrain({ words, button }, usable) {
  write('drain-words', words);
  write('drain', button);
  find('drain', HTMLButtonElement).disabled = !usable;
}

function emptyTile() {
  return element(
    'div',
    { class: 'tile' },
    element('dt', { class: 'tile-name' }),
    element('dd', { class: 'tile-value' }),
    element('dd', { class: 'tile-note' }),
  );
}

/** @param {number} cells */
function emptyRow(cells) {
  const others = Array.from({ length: cells - 1 }, () => element('td'));
  return element('tr', {}, element('th', { scope: 'row' }), ...others);
}

/** @param {Element} place @param {string} selector @param {string} text */
function fill(place, selector, text) {
  const at = place.querySelector(selector);
  if (at !== null && at.textContent !== text) at.textContent = text;
}
