// @ts-check
/**
 * The mic page's elements: what a `MicSession` reports becomes visible here. It decides nothing.
 */
import { meterPosition } from '../audio/level.js';
import { applyEvent, NO_CAPTIONS } from '../caption/caption-model.js';
import { CaptionView } from '../caption/caption-view.js';
import { Announcer } from './announcer.js';
import { FollowLive } from './follow-live.js';
import { languageName } from './languages.js';
import { endWords, WORDS } from './mic-state.js';
import { problemNamed } from './problems.js';
import { ScreenWakeLock } from './wake-lock.js';

/**
 * @typedef {import('../net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('../net/protocol.js').Closed} Closed
 * @typedef {import('./mic-session.js').MicView} MicView
 * @typedef {import('./mic-state.js').MicState} MicState
 * @typedef {import('./problems.js').ProblemName} ProblemName
 */

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

/** @implements {MicView} */
export class MicElements {
  #captions = NO_CAPTIONS;
  #isRenderPlanned = false;
  #lines = new CaptionView(find('captions', HTMLElement));
  #announcer = new Announcer(find('announcements', HTMLElement));
  #meter = find('meter', HTMLElement);
  #wakeLock = new ScreenWakeLock();
  #follow = new FollowLive((isFollowing) => {
    find('jump', HTMLButtonElement).hidden = isFollowing;
  });

  /** @param {MicState} state */
  showState(state) {
    const isActive = state !== 'idle';
    document.body.dataset.state = state;
    write('status', WORDS[state].status);
    write('toggle-text', WORDS[state].button);
    write('headline', WORDS[state].headline);
    find('toggle', HTMLElement).setAttribute('aria-disabled', String(state === 'finishing'));
    if (state !== 'listening') write('lag', '–');
    this.#wakeLock.set(isActive);
  }

  /** @param {ProblemName | null} name @param {string} serverSays */
  showProblem(name, serverSays) {
    find('problem', HTMLElement).hidden = name === null;
    if (name === null) return;
    const { title, advice, link, offersResume } = problemNamed(name, location);
    write('problem-title', title);
    write('problem-advice', advice);
    write('problem-server', serverSays && `The server says: ${serverSays}`);
    const anchor = find('problem-link', HTMLAnchorElement);
    anchor.hidden = !link;
    anchor.href = link?.href ?? '';
    anchor.textContent = link?.text ?? '';
    find('resume', HTMLButtonElement).hidden = !offersResume;
    this.#follow.contentChanged();
  }

  /** @param {ServerMessage} message */
  showMessage(message) {
    if (message.type === 'status') write('lag', `${message.lag.toFixed(1)} s`);
    if (message.type === 'ready') {
      write('model', message.model);
      find('facts', HTMLElement).hidden = false;
    }
    if ((message.type === 'ready' || message.type === 'final') && message.language) {
      write('heard-language', languageName(message.language));
    }
    const isOfCaptions = 'seq' in message || message.type === 'partial' || message.type === 'ready';
    if (!isOfCaptions) return;
    this.#captions = applyEvent(this.#captions, message);
    if (!this.#isRenderPlanned) requestAnimationFrame(() => this.#render());
    this.#isRenderPlanned = true;
  }

  /** @param {number} rms 0 to 1 */
  showLevel(rms) {
    const position = meterPosition(rms);
    this.#meter.style.setProperty('--level', position.toFixed(3));
    this.#meter.setAttribute('aria-valuenow', String(Math.round(position * 100)));
  }

  /** @param {Closed | null} closed */
  showEnd(closed) {
    write('status', endWords(closed));
  }

  /** @param {boolean} isOn whether finished sentences are handed to assistive technology */
  announce(isOn) {
    this.#announcer.set(isOn);
  }

  /** Back to the newest words. */
  jumpToLive() {
    this.#follow.jump();
  }

  #render() {
    this.#isRenderPlanned = false;
    const { lines } = this.#captions;
    document.body.classList.toggle('has-captions', lines.length > 0);
    this.#lines.render(lines);
    this.#announcer.update(lines);
    this.#follow.contentChanged();
  }
}
