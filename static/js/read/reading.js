// @ts-check
/**
 * Everything about reading captions, the same on every page: `mountReading({...})` puts lines, tools
 * and dialogs into the places that a page gives it, and `show(message)` takes what the server says.
 *
 *     <div id="reading-tools"></div> … <section class="captions" id="captions"></section>
 *     <div id="reading-bar"></div>
 *
 *     const reading = mountReading({ captions, tools, bar, room: 'main' });
 *     socket.onMessage = (message) => reading.show(message);
 *
 * It must not know whose captions they are, nor anything about sockets.
 */
import { applyEvent, NO_CAPTIONS } from '../caption/caption-model.js';
import { CaptionView } from '../caption/caption-view.js';
import { interfaceLanguage, localise, onInterfaceLanguage, t } from '../i18n/i18n.js';
import { Announcer } from '../page/announcer.js';
import { element } from '../page/element.js';
import { FollowLive } from '../page/follow-live.js';
import { dress } from './appearance.js';
import { DisplayDialog } from './display-dialog.js';
import { KeptSettings } from './kept-settings.js';
import { lineStamps } from './line-stamps.js';
import { canPopOut, PopOut } from './pop-out.js';
import { ReadingBar } from './reading-bar.js';
import { SaveDialog } from './save-dialog.js';
import { Tools } from './tools.js';

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 * @typedef {import('../caption/caption-model.js').Captions} Captions
 * @typedef {import('../net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./settings.js').Settings} Settings
 *
 * @typedef {object} ReadingPlaces
 * @property {HTMLElement} captions an empty element; lines go into it
 * @property {HTMLElement} tools an empty element for the buttons
 * @property {HTMLElement} bar an empty element for what is offered away from the newest words
 * @property {HTMLElement} [home] what gets the focus when a button vanishes; else a tool does
 * @property {string} room for the names of files
 * @property {(() => Promise<string>) | null} [viewerUrl] the room's viewer page, for a window of its own
 * @property {string | null} [transcriptUrl] the server's transcript of the room
 * @property {() => Record<string, string>} [credentials] headers that the server wants for it
 */

/** @param {ReadingPlaces} places @returns {Reading} */
export function mountReading(places) {
  return new Reading(places);
}

class Reading {
  #places;
  #settings = new KeptSettings();
  #captions = NO_CAPTIONS;
  /** @type {readonly Line[] | null} what is shown while the reader holds it */
  #held = null;
  /** Whether the next lines are to be taken as read already, for a screen reader. */
  #isSilent = true;
  #isDrawPlanned = false;
  /** @type {string | null} the last line that was in sight when the page was last looked at */
  #lastSeen = null;
  #view;
  #announcer;
  #follow = new FollowLive(() => this.#showBar());
  #bar;
  #tools;
  #popOut;

  /** @param {ReadingPlaces} places */
  constructor(places) {
    const { captions, tools, bar, viewerUrl = null } = places;
    this.#places = places;
    this.#view = new CaptionView(captions);
    // Of unknown language, until a line says its own; the page around it speaks another.
    captions.lang = '';
    const log = element('div', {
      role: 'log', class: 'visually-hidden', lang: '', 'data-i18n-attr': 'aria-label:read.log',
    });
    captions.after(log);
    this.#announcer = new Announcer(log);
    this.#popOut = new PopOut(viewerUrl, (isOpen) => this.#poppedOut(isOpen));
    this.#bar = new ReadingBar(bar, { goOn: () => this.#goOn(), jump: () => this.jump() });
    this.#tools = this.#furnish(tools);
    localise(document.body);
    this.#settings.follow((settings) => this.#dress(settings));
    onInterfaceLanguage(() => this.#relabel());
    document.addEventListener('visibilitychange', () => this.#looked());
  }

  /** All that the page holds, held back or not. */
  get captions() {
    return this.#captions;
  }

  /** @param {ServerMessage} message what does not concern captions is ignored */
  show(message) {
    const isOfCaptions =
      'seq' in message || ['partial', 'ready', 'snapshot', 'closed'].includes(message.type);
    if (!isOfCaptions) return;
    // What was said before the reader came is not read out to them.
    if (message.type === 'snapshot' && this.#captions.lines.length === 0) this.#isSilent = true;
    const caption = /** @type {import('../net/protocol.js').CaptionMessage} */ (message);
    this.#captions = applyEvent(this.#captions, caption, Date.now());
    this.#planDraw();
  }

  /** @param {Captions} captions of an earlier visit, in place of those there are */
  restore(captions) {
    this.#captions = captions;
    this.#isSilent = true;
    this.#planDraw();
  }

  /** Call it when something beside the captions changed its height. */
  layoutChanged() {
    // Without captions there is nothing to follow: the head of the page stays in sight.
    if (this.#held === null && this.#captions.lines.length > 0) this.#follow.contentChanged();
  }

  /** Back to the newest words. */
  jump() {
    this.#held = null;
    this.#follow.jump();
    this.#draw();
    this.#goHome();
  }

  /** @param {HTMLElement} place @returns {Tools} */
  #furnish(place) {
    const { room, viewerUrl = null, transcriptUrl = null, credentials = () => ({}) } = this.#places;
    const display = new DisplayDialog(this.#settings);
    const save = new SaveDialog({
      room, transcriptUrl, credentials, lines: () => this.#captions.lines, settings: () => this.#settings.current,
    });
    document.body.append(display.root, save.root);
    document.addEventListener('fullscreenchange', () => this.#fullScreenChanged());
    return new Tools(place, {
      announce: () => this.#settings.change({ announce: !this.#settings.current.announce }),
      hold: () => (this.#held ? this.#goOn() : this.#hold()),
      display: () => display.open(),
      save: () => save.open(),
      ...(canPopOut(viewerUrl !== null) && { popOut: () => void this.#popOut.toggle() }),
      ...(document.fullscreenEnabled && { fullScreen: () => void toggleFullScreen() }),
    });
  }

  /** @param {Settings} settings */
  #dress(settings) {
    dress(settings, document.documentElement);
    this.#popOut.dress(settings);
    this.#tools.press('announce', settings.announce);
    this.#announcer.set(settings.announce);
    this.#draw();
  }

  #relabel() {
    this.#view.relabel();
    this.#draw();
  }

  #planDraw() {
    if (!this.#isDrawPlanned) this.#popOut.drawingWindow.requestAnimationFrame(() => this.#draw());
    this.#isDrawPlanned = true;
  }

  #draw() {
    this.#isDrawPlanned = false;
    const { lines } = this.#captions;
    document.body.classList.toggle('has-captions', lines.length > 0);
    this.#announcer.update(lines, { isSilent: this.#isSilent || this.#held !== null });
    this.#isSilent = false;
    const shown = worthShowing(this.#held ?? lines, this.#settings.current);
    const stamps = this.#stampsOf(shown);
    this.#view.render(shown, stamps);
    if (this.#popOut.isOpen) this.#popOut.render(shown, stamps);
    this.layoutChanged();
    this.#showBar();
  }

  /** @param {readonly Line[]} lines */
  #stampsOf(lines) {
    if (!this.#settings.current.times) return new Map();
    const clock = new Intl.DateTimeFormat(interfaceLanguage(), { timeStyle: 'short' });
    return lineStamps(lines, (ms) => clock.format(ms));
  }

  #hold() {
    this.#held = this.#captions.lines;
    this.#view.markPlace(worthShowing(this.#held, this.#settings.current).at(-1)?.key ?? null, t('read.here'));
    this.#showBar();
    // What has just appeared is not to cover the last words.
    this.#follow.contentChanged();
  }

  /** Shows what was held back, behind the place where the reader stopped. */
  #goOn() {
    const hasNews = this.#held !== this.#captions.lines;
    this.#held = null;
    if (hasNews) this.#follow.stay();
    this.#draw();
    if (hasNews) this.#view.showPlace();
    this.#goHome();
  }

  /** The button that was pressed may have vanished: the keyboard must not be left nowhere. */
  #goHome() {
    const { home } = this.#places;
    if (home) home.focus({ preventScroll: true });
    else this.#tools.focus('hold');
  }

  #showBar() {
    const news = this.#held && countFinished(this.#captions.lines) - countFinished(this.#held);
    this.#tools.press('hold', this.#held !== null);
    this.#bar.show({ news, isFollowing: this.#follow.isFollowing });
  }

  /** Marks the place for a reader who looked at something else, when there is news behind it. */
  #looked() {
    const last = this.#captions.lines.at(-1)?.key ?? null;
    if (document.visibilityState === 'hidden') this.#lastSeen = last;
    else if (this.#lastSeen !== last && !this.#held) this.#view.markPlace(this.#lastSeen, t('read.here'));
  }

  /** @param {boolean} isOpen */
  #poppedOut(isOpen) {
    this.#tools.press('popOut', isOpen);
    this.#dress(this.#settings.current);
  }

  #fullScreenChanged() {
    const isFull = document.fullscreenElement !== null;
    this.#tools.press('fullScreen', isFull);
    document.body.classList.toggle('is-full-screen', isFull);
    this.layoutChanged();
  }
}

/**
 * @param {readonly Line[]} lines
 * @param {Settings} settings
 * @returns {readonly Line[]} without those of which nothing would be seen
 */
function worthShowing(lines, { announce, tail }) {
  // Whole sentences only: under a braille display's or screen reader's cursor nothing may change.
  if (announce) return lines.filter((line) => line.kind === 'gap' || line.closed);
  if (tail) return lines;
  return lines.filter((line) => line.kind === 'gap' || line.committed.length > 0);
}

/** @param {readonly Line[]} lines @returns {number} */
function countFinished(lines) {
  return lines.filter((line) => line.kind === 'utterance' && line.closed).length;
}

async function toggleFullScreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}
