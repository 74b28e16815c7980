// @ts-check
/**
 * Entry of the overlay (`/overlay/ROOM`): a room's last lines, for OBS and the like.
 *
 *     ?lines=2   how many lines of text, 1 to 10
 *     ?hold=5    seconds that the last text stays, 0 to 600; 0 keeps it
 */
import { CaptionView } from './caption/caption-view.js';
import { applyToOverlay, isQuiet, NO_OVERLAY, overlayLines } from './caption/overlay-model.js';
import { numberFromQuery, roomFromPath, socketFor } from './net/address.js';
import { WatchSocket } from './net/watch-socket.js';
import { problemNamed, problemOfLoss } from './page/problems.js';

/** @typedef {import('./net/protocol.js').ServerMessage} ServerMessage */

const root = /** @type {HTMLElement} */ (document.querySelector('.caption-overlay'));
const notice = /** @type {HTMLElement} */ (document.querySelector('.caption-notice'));
const view = new CaptionView(/** @type {HTMLElement} */ (document.querySelector('.caption-lines')));

const room = roomFromPath(location);
const lineCount = Math.round(
  numberFromQuery(location, 'lines', { least: 1, most: 10, usual: 2 }),
);
const holdMs = 1000 * numberFromQuery(location, 'hold', { least: 0, most: 600, usual: 5 });

let overlay = NO_OVERLAY;
let quietTimer = 0;
let isRenderPlanned = false;

function render() {
  isRenderPlanned = false;
  const now = performance.now();
  const isNowQuiet = isQuiet(overlay, now, holdMs);
  root.classList.toggle('is-quiet', isNowQuiet);
  view.render(overlayLines(overlay, lineCount));
  clearTimeout(quietTimer);
  if (isNowQuiet || holdMs === 0) return;
  quietTimer = setTimeout(render, Math.max(1, overlay.changedAt + holdMs - now));
}

function planRender() {
  if (!isRenderPlanned) requestAnimationFrame(render);
  isRenderPlanned = true;
}

/** @param {string} text what keeps the captions away for good; "" for nothing */
function say(text) {
  notice.textContent = text;
  notice.hidden = text === '';
}

/** @param {ServerMessage} message */
function onMessage(message) {
  const isOfCaptions =
    'seq' in message || message.type === 'partial' || message.type === 'snapshot';
  if (!isOfCaptions) return;
  say('');
  overlay = applyToOverlay(overlay, message, performance.now(), holdMs);
  planRender();
}

root.style.setProperty('--lines', String(lineCount));
if (room === null) {
  say(problemNamed('bad-room', location).title);
} else {
  const socket = new WatchSocket(socketFor(location, `/ws/watch?room=${room}`), {
    onMessage,
    // An audience is never told about a lost connection; a link that is void for good is shown.
    onLost: (loss) => say(loss.willRetry ? '' : problemNamed(problemOfLoss(loss), location).title),
  });
  socket.open();
  window.addEventListener('online', () => socket.open());
}
