// @ts-check
/**
 * Entry of the viewer page (`/watch/ROOM`): a room's captions for an audience, phones first.
 *
 * It joins the watching socket, the reading component and the words about the connection. A link
 * that can be revoked carries its token in the fragment, `#t=…`.
 */
import { languageOfPage, onInterfaceLanguage, setInterfaceLanguage } from './i18n/i18n.js';
import { roomFromPath, socketFor } from './net/address.js';
import { diagnose } from './net/diagnose.js';
import { linkToken, WatchSocket } from './net/watch-socket.js';
import { WatchElements } from './page/watch-elements.js';
import { endingOf, reasonOf, reasonOfDiagnosis, watchState } from './page/watch-state.js';
import { mountReading } from './read/reading.js';

/** @typedef {import('./net/reconnecting-socket.js').Loss} Loss */

/** A shorter loss is mended before anyone could read about it. */
const GRACE_MS = 1500;
/** A phone that slept longer may have lost its connection without knowing. */
const SLEEP_MS = 15_000;

setInterfaceLanguage(languageOfPage());

const room = roomFromPath(location);
const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const elements = new WatchElements();
const reading = mountReading({
  captions: place('captions'),
  tools: place('reading-tools'),
  bar: place('reading-bar'),
  room: room ?? '',
  viewerUrl: async () => location.href,
  transcriptUrl: room && `/v1/rooms/${room}/transcript`,
  credentials: () => {
    const link = linkToken(location);
    return link === null ? {} : { Authorization: `Bearer ${link}` };
  },
});

/** @type {import('./page/watch-state.js').Connection} */
let connection = { link: 'connecting', presence: null };
/** @type {import('./page/watch-state.js').Reason | null} */
let reason = null;
/** @type {import('./page/watch-state.js').Ending | null} */
let ending = room === null ? 'bad-room' : null;
let isConnected = false;
let graceTimer = 0;
let hiddenAt = 0;

function show() {
  elements.showRoom(room ?? '–');
  elements.showState(watchState(connection), reason);
  elements.showEnding(ending);
  reading.layoutChanged();
}

function endGrace() {
  clearTimeout(graceTimer);
  graceTimer = 0;
}

/** @param {Loss} loss */
function lost(loss) {
  isConnected = false;
  if (!loss.willRetry) {
    endGrace();
    ending = endingOf(loss);
    connection = { link: 'ended', presence: null };
    show();
    return;
  }
  reason = reasonOf(loss) ?? reason;
  const tell = () => {
    endGrace();
    connection = { link: 'lost', presence: null };
    show();
  };
  if (connection.link !== 'open') tell();
  else if (graceTimer === 0) graceTimer = setTimeout(tell, GRACE_MS);
  if (!loss.opened) void explain();
}

async function explain() {
  const found = reasonOfDiagnosis(await diagnose(), navigator.onLine);
  if (isConnected || connection.link === 'ended') return;
  reason = found;
  show();
}

/** @param {import('./net/protocol.js').ServerMessage} message */
function heard(message) {
  reading.show(message);
  if (message.type === 'snapshot') {
    isConnected = true;
    endGrace();
    reason = null;
    connection = { ...connection, link: 'open' };
    show();
  } else if (message.type === 'presence') {
    connection = { ...connection, presence: message };
    show();
  }
}

if (room === null) {
  connection = { link: 'ended', presence: null };
} else {
  const target = { ...socketFor(location, `/ws/watch?room=${room}`), token: linkToken(location) };
  const socket = new WatchSocket(target, { onMessage: heard, onLost: lost });
  socket.open();
  window.addEventListener('online', () => socket.renew());
  window.addEventListener('pageshow', ({ persisted }) => persisted && socket.renew());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > SLEEP_MS) socket.renew();
  });
}
onInterfaceLanguage(show);
show();
