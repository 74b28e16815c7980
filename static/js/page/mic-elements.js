// @ts-check
/**
 * The mic page's elements: what a `MicSession` reports becomes visible here. It decides nothing.
 */
import { meterPosition } from '../audio/level.js';
import { mountReading } from '../read/reading.js';
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
  #meter = find('meter', HTMLElement);
  #wakeLock = new ScreenWakeLock();
  #reading;

  /** @param {string} room */
  constructor(room) {
    this.#reading = mountReading({
      captions: find('captions', HTMLElement),
      tools: find('reading-tools', HTMLElement),
      bar: find('reading-bar', HTMLElement),
      home: find('toggle', HTMLElement),
      room,
      viewerUrl: `/watch/${room}`,
      transcriptUrl: `/v1/rooms/${room}/transcript`,
    });
  }

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
    this.#reading.layoutChanged();
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
    this.#reading.show(message);
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
}
