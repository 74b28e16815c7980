// @ts-check
/**
 * Entry of the overlay (`/overlay/ROOM`): a room's captions, for OBS and the like. What an address
 * may say is in `overlay/options.js`; `#t=…` is a viewer link's token.
 */
import { roomFromPath, socketFor } from './net/address.js';
import { linkToken, WatchSocket } from './net/watch-socket.js';
import { DelayLine } from './overlay/delay-line.js';
import { Notice } from './overlay/notice.js';
import { followVisibility, isInsideObs } from './overlay/obs-browser.js';
import { ObsOutlet } from './overlay/obs-outlet.js';
import { optionsFrom } from './overlay/options.js';
import { rememberShown, wasShownBefore } from './overlay/shown-before.js';
import { Stage } from './overlay/stage.js';

/**
 * @typedef {import('./net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./net/protocol.js').CaptionMessage} CaptionMessage
 * @typedef {import('./overlay/options.js').Options} Options
 */

const SIGNS_OF_LIFE = ['pointermove', 'pointerdown', 'keydown'];

const overlay = /** @type {HTMLElement} */ (document.querySelector('.caption-overlay'));
const notice = new Notice(/** @type {HTMLElement} */ (document.querySelector('.caption-notice')));
const room = roomFromPath(location);
let options = optionsFrom(location);
const stage = new Stage(overlay, options, (offset) => rememberShown(room ?? '', offset));
const delayed = new DelayLine(show);
delayed.delay = 1000 * options.delay;
const outlet = new ObsOutlet();
/** @type {WatchSocket | null} */
let socket = null;

/** @param {CaptionMessage} event */
function show(event) {
  stage.receive(event);
  outlet.receive(event);
  if (event.type === 'snapshot' && wasShownBefore(room ?? '', event)) stage.skip();
}

/** @param {ServerMessage} message */
function onMessage(message) {
  const isCaption = 'seq' in message || message.type === 'partial' || message.type === 'snapshot';
  if (!isCaption) return;
  notice.clear();
  delayed.push(message);
}

function enter() {
  const where = { ...socketFor(location, `/ws/watch?room=${room}`), token: linkToken(location) };
  socket = new WatchSocket(where, { onMessage, onLost: (loss) => notice.lost(loss) });
  socket.open();
}

function leave() {
  socket?.close();
  socket = null;
  delayed.clear();
  stage.restart();
}

/** @param {Options} changed */
function apply(changed) {
  options = changed;
  delayed.delay = 1000 * options.delay;
  stage.restyle(options);
  outlet.turn(options.obs);
}

/** Settings show themselves to people only: a program that captures the page moves no pointer. */
function offerSettings() {
  const asked = new URL(location.href).searchParams.get('settings');
  if (asked === '0' || (isInsideObs() && asked !== '1')) return;
  /** @param {Event} [event] */
  const offer = async (event) => {
    for (const type of SIGNS_OF_LIFE) removeEventListener(type, offer);
    const { Settings } = await import('./overlay/settings.js');
    const settings = new Settings({ stage, outlet, apply, options }, { isPinned: asked === '1' });
    if (event?.type === 'keydown') settings.focus();
  };
  if (asked === '1') offer();
  else for (const type of SIGNS_OF_LIFE) addEventListener(type, offer);
}

if (room === null) {
  notice.badRoom();
} else {
  enter();
  outlet.turn(options.obs);
  // A source that also feeds the stream goes on when nobody sees it.
  followVisibility({ leave: () => options.obs || leave(), comeBack: () => socket ?? enter() });
  window.addEventListener('online', () => socket?.open());
  offerSettings();
}
