// @ts-check
/**
 * Entry of the operator's page (`/admin`): asks the server every two seconds how it is, and empties
 * it for maintenance. A page nobody looks at asks nothing. A server with keys wants one with the role
 * admin; it is kept for this tab, as that of the microphone page is, and sent in a header.
 */
import {
  aboutWords,
  drainWords,
  History,
  problems,
  roomCells,
  sessionCells,
  statusWords,
  tiles,
} from './admin/state.js';
import { showDrain, showProblems, showStatus, showTable, showTiles } from './admin/view.js';
import { KeptKey, asKey, showing, tabStorage } from './net/kept-key.js';
import { find } from './page/dom.js';

/** @typedef {import('./admin/state.js').State} State */

const EVERY_MS = 2000;
const PATIENCE_MS = 5000;
const SESSION_HEADS = [
  'Room', 'State', 'Language', 'Audio', 'Words', 'Delay', 'Lag', 'Hop', 'Session',
];
const ROOM_HEADS = ['Room', 'Speakers', 'Readers', 'In the log'];

const history = new History();
let timer = 0;
const kept = new KeptKey(tabStorage());
let key = kept.value;
/** What became of the operator's last wish, if it failed. */
let complaint = '';

/**
 * @param {string} path
 * @param {string} [method]
 * @returns {Promise<any>}
 * @throws {Error} with a sentence for the operator
 */
async function ask(path, method = 'GET') {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(path, { method, headers: showing(key), signal });
  if (answer.ok) {
    if (key !== null) kept.keep(key);
    return answer.json();
  }
  if (answer.status === 401) kept.forget();
  // A key that lacks the role may be good for another page of this tab.
  if (answer.status === 401 || (answer.status === 403 && key !== null)) askForKey();
  const told = await answer.json().catch(() => null);
  throw new Error(told?.error?.message ?? `The server answers ${answer.status}.`);
}

function show() {
  const state = history.newest;
  if (state === undefined) return;
  showStatus(state.status, statusWords(state.status), aboutWords(state));
  showTiles(tiles(state, history.oldest ?? state));
  showProblems([...problems(state), ...(complaint ? [complaint] : [])]);
  showDrain(drainWords(state), true);
  showTable('sessions', SESSION_HEADS, state.sessions.map(sessionCells));
  showTable('rooms', ROOM_HEADS, state.rooms.map(roomCells));
}

async function refresh() {
  clearTimeout(timer);
  try {
    history.push(await ask('/v1/admin/state'));
    show();
  } catch (error) {
    showStatus('lost', sentenceOf(error), '');
    const state = history.newest;
    if (state !== undefined) showDrain(drainWords(state), false);
  }
  // Wrong keys are counted: a page that has none does not ask again by itself.
  const waiting = !find('sign-in', HTMLFormElement).hidden;
  if (document.visibilityState === 'visible' && !waiting) timer = setTimeout(() => void refresh(), EVERY_MS);
}

function askForKey() {
  key = null;
  find('sign-in', HTMLFormElement).hidden = false;
}

/** @param {SubmitEvent} event */
function signIn(event) {
  event.preventDefault();
  const field = find('key', HTMLInputElement);
  key = asKey(field.value);
  field.value = '';
  find('sign-in', HTMLFormElement).hidden = true;
  void refresh();
}

async function toggleDrain() {
  const draining = history.newest?.drain.draining ?? false;
  try {
    await ask('/v1/admin/drain', draining ? 'DELETE' : 'POST');
    complaint = '';
  } catch (error) {
    complaint = sentenceOf(error);
  }
  await refresh();
}

/** @param {unknown} error */
function sentenceOf(error) {
  const ours = error instanceof Error && error.name === 'Error';
  return ours ? error.message : 'The server does not answer';
}

find('drain', HTMLButtonElement).addEventListener('click', () => void toggleDrain());
find('sign-in', HTMLFormElement).addEventListener('submit', signIn);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh();
  else clearTimeout(timer);
});
void refresh();
