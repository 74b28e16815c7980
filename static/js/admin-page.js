// @ts-check
/**
 * Entry of the operator's page (`/admin`): asks the server every two seconds how it is, and empties
 * it for maintenance. A page nobody looks at asks nothing.
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
/** What became of the operator's last wish, if it failed. */
let complaint = '';

/**
 * @param {string} path
 * @param {string} [method]
 * @returns {Promise<any>}
 * @throws {Error} with a sentence for the operator
 */
async function ask(path, method = 'GET') {
  const answer = await fetch(path, { method, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.ok) return answer.json();
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
  if (document.visibilityState === 'visible') timer = setTimeout(() => void refresh(), EVERY_MS);
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
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh();
  else clearTimeout(timer);
});
void refresh();
