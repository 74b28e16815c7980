// @ts-check
/**
 * The mic page's elements: what a `MicSession` reports becomes visible here. It decides nothing.
 */
import { meterPosition } from '../audio/level.js';
import { interfaceLanguage, onInterfaceLanguage, t } from '../i18n/i18n.js';
import { find, write } from './dom.js';
import { delayWords, NO_HOLD, statusWords } from './mic-delay.js';
import { endWords } from './mic-state.js';
import { problemNamed } from './problems.js';
import { ScreenWakeLock } from './wake-lock.js';

/**
 * @typedef {import('../net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('../net/protocol.js').Closed} Closed
 * @typedef {import('../audio/stream-sound.js').Sound} Sound
 * @typedef {import('./mic-delay.js').Hold} Hold
 * @typedef {import('./mic-session.js').MicView} MicView
 * @typedef {import('./mic-state.js').MicState} MicState
 * @typedef {import('./problems.js').ProblemName} ProblemName
 *
 * @typedef {object} Around what else on the page hears of it
 * @property {() => void} onLayout something changed its height
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(sound: Sound | null) => void} onSound
 * @property {(state: MicState) => void} onState
 */

const BUTTONS = {
  idle: 'mic.button.idle', asking: 'mic.button.asking', finishing: 'mic.button.finishing',
};
/** A bar that moves ten times a second would only be a waste of power. */
const PROGRESS_EVERY = 5;

/** @implements {MicView} */
export class MicElements {
  #meter = find('meter', HTMLElement);
  #mute = find('mute', HTMLButtonElement);
  #pause = find('pause', HTMLButtonElement);
  #bar = find('file-bar', HTMLProgressElement);
  #wakeLock = new ScreenWakeLock();
  #around;
  /** @type {MicState} */
  #state = 'idle';
  #hold = NO_HOLD;
  /** @type {number | null} */
  #lag = null;
  #unsent = 0;
  /** @type {Sound | null} */
  #sound = null;
  #levels = 0;
  #canContinue = false;
  /** @type {[ProblemName | null, string]} */
  #problem = [null, ''];
  /** @type {{closed: Closed | null} | null} how the last session ended, while nothing else is new */
  #end = null;

  /** @param {Around} around */
  constructor(around) {
    this.#around = around;
    onInterfaceLanguage(() => this.#relabel());
    this.#write();
  }

  /** @param {MicState} state @param {Hold} hold */
  showState(state, hold) {
    const isNews = state !== this.#state;
    this.#state = state;
    this.#hold = hold;
    this.#end = null;
    if (state !== 'listening') this.#lag = null;
    this.#write();
    this.#wakeLock.set(state !== 'idle');
    if (isNews) this.#around.onState(state);
  }

  /** @param {boolean} canContinue whether the button goes on with the session before the reload */
  showContinue(canContinue) {
    this.#canContinue = canContinue;
    this.#write();
  }

  /** @param {ProblemName | null} name @param {string} serverSays */
  showProblem(name, serverSays) {
    this.#problem = [name, serverSays];
    find('problem', HTMLElement).hidden = name === null;
    if (name !== null) this.#writeProblem(name, serverSays);
    this.#around.onLayout();
  }

  /** @param {ServerMessage} message */
  showMessage(message) {
    if (message.type === 'status') {
      this.#lag = message.lag;
      this.#writeDelay();
    }
    this.#around.onMessage(message);
  }

  /** @param {number} rms 0 to 1 @param {number} unsent seconds */
  showLevel(rms, unsent) {
    const position = meterPosition(rms);
    this.#meter.style.setProperty('--level', position.toFixed(3));
    this.#meter.setAttribute('aria-valuenow', String(Math.round(position * 100)));
    this.#levels += 1;
    if (this.#levels % PROGRESS_EVERY === 0) this.#writeProgress();
    if (Math.round(unsent) === Math.round(this.#unsent)) return;
    this.#unsent = unsent;
    this.#writeDelay();
  }

  /** @param {Sound | null} sound */
  showSound(sound) {
    this.#sound = sound;
    this.#levels = 0;
    this.#writeProgress();
    this.#around.onSound(sound);
  }

  /** @param {Closed | null} closed */
  showEnd(closed) {
    this.#end = { closed };
    write('status', endWords(closed));
  }

  #relabel() {
    this.#write();
    if (this.#problem[0] !== null) this.#writeProblem(this.#problem[0], this.#problem[1]);
  }

  #write() {
    const state = this.#state;
    const { isMuted, isPaused, hasSound } = this.#hold;
    const isLive = ['connecting', 'listening', 'reconnecting'].includes(state);
    document.body.dataset.state = state;
    document.body.dataset.hold = !isLive ? '' : isPaused || !hasSound ? 'paused' : isMuted ? 'muted' : '';
    write('status', this.#end ? endWords(this.#end.closed) : statusWords(state, this.#hold));
    write('toggle-text', this.#buttonWords());
    write('headline', t(`mic.headline.${state}`));
    this.#press(this.#mute, isLive && this.#sound?.kind !== 'file', isMuted, isMuted ? 'mic.unmute' : 'mic.mute');
    this.#press(this.#pause, isLive, isPaused, isPaused ? 'mic.unpause' : 'mic.pause');
    this.#writeDelay();
  }

  #buttonWords() {
    if (this.#state === 'idle' && this.#canContinue) return t('mic.button.continue');
    return t(BUTTONS[this.#state] ?? 'mic.button.stop');
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {boolean} isOffered
   * @param {boolean} isPressed
   * @param {string} key of what pressing it does
   */
  #press(button, isOffered, isPressed, key) {
    button.hidden = !isOffered;
    button.disabled = !isOffered;
    button.setAttribute('aria-pressed', String(isPressed));
    button.title = `${t(key)} (${button.getAttribute('aria-keyshortcuts')})`;
  }

  #writeDelay() {
    const { lag, unsent, state, hold } = { lag: this.#lag, unsent: this.#unsent, state: this.#state, hold: this.#hold };
    write('delay', delayWords({ state, hold, lag, unsent }));
  }

  #writeProgress() {
    const progress = this.#sound?.progress?.() ?? null;
    find('file-progress', HTMLElement).hidden = progress === null;
    if (progress === null) return;
    const isKnown = Number.isFinite(progress.duration) && progress.duration > 0;
    this.#bar.max = isKnown ? progress.duration : 1;
    if (isKnown) this.#bar.value = progress.position;
    else this.#bar.removeAttribute('value');
    const position = clock(progress.position);
    const words = { position, duration: isKnown ? clock(progress.duration) : '?' };
    write('file-time', isKnown ? t('mic.file.at', words) : position);
  }

  /** @param {ProblemName} name @param {string} serverSays */
  #writeProblem(name, serverSays) {
    const { title, advice, link, action } = problemNamed(name, location);
    write('problem-title', title);
    write('problem-advice', advice);
    write('problem-server', serverSays && t('mic.server-says', { words: serverSays }));
    const anchor = find('problem-link', HTMLAnchorElement);
    anchor.hidden = !link;
    anchor.href = link?.href ?? '';
    anchor.textContent = link?.text ?? '';
    const act = find('problem-act', HTMLButtonElement);
    act.hidden = !action;
    act.dataset.action = action ?? '';
    act.textContent = action ? t(`mic.act.${action}`) : '';
  }
}

/** @param {number} seconds @returns {string} as a player shows it */
function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (/** @type {number} */ number) =>
    number.toLocaleString(interfaceLanguage(), { minimumIntegerDigits: 2 });
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const rest = `${hours > 0 ? two(minutes) : minutes.toLocaleString(interfaceLanguage())}:${two(whole % 60)}`;
  return hours > 0 ? `${hours.toLocaleString(interfaceLanguage())}:${rest}` : rest;
}
