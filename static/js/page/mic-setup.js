// @ts-check
/**
 * The dialog in which sound, words and room are chosen. Each change takes effect at once. It must not
 * know what the session does with it.
 */
import { onInterfaceLanguage, t } from '../i18n/i18n.js';
import { Modal } from '../read/modal.js';
import { element } from './element.js';
import { languageName } from './languages.js';
import { SetupRoom } from './mic-setup-room.js';
import { SetupSound } from './mic-setup-sound.js';
import { SetupWords } from './mic-setup-words.js';

/**
 * @typedef {import('../net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./mic-settings.js').MicSettings} MicSettings
 *
 * @typedef {object} SetupHandlers
 * @property {(changes: Partial<MicSettings>) => void} onChange
 * @property {(file: File | null) => void} onFile
 * @property {() => void} onUse the running session is to take the chosen sound
 * @property {(handlers: import('../audio/capture.js').CaptureHandlers) =>
 *   Promise<import('./mic-sound.js').Captured>} startTrial listens to the chosen microphone
 * @property {(room: string) => string} addressOf a room's mic page
 */

export class MicSetup {
  /** The choice of sound, for what a session reports about it. */
  sound;
  #modal;
  #room;
  #facts = {
    model: element('dd', { id: 'model' }, '–'),
    language: element('dd', { id: 'heard-language' }, '–'),
    lag: element('dd', { id: 'lag' }, '–'),
  };

  /** @param {MicSettings} settings @param {string} room @param {SetupHandlers} handlers */
  constructor(settings, room, handlers) {
    this.sound = new SetupSound(settings, handlers);
    const words = new SetupWords(settings, handlers);
    this.#room = new SetupRoom(room, handlers.addressOf);
    this.#modal = new Modal(
      'setup', 'mic.setup.title', this.sound.root, words.root, this.#room.root, keysField(), this.#factsField(),
    );
    this.#modal.root.addEventListener('close', () => void this.sound.stopTrial());
    onInterfaceLanguage(() => this.sound.relabel());
  }

  get root() {
    return this.#modal.root;
  }

  open() {
    this.sound.opened();
    this.#modal.open();
  }

  /** @param {boolean} isLive whether a session goes on */
  showLive(isLive) {
    this.sound.showLive(isLive);
    this.#room.showLive(isLive);
    if (!isLive) this.#facts.lag.textContent = '–';
  }

  /** @param {ServerMessage} message */
  showMessage(message) {
    if (message.type === 'status') {
      this.#facts.lag.textContent = t('mic.facts.seconds', { seconds: message.lag.toFixed(1) });
    }
    if (message.type === 'ready') this.#facts.model.textContent = message.model;
    if ((message.type === 'ready' || message.type === 'final') && message.language) {
      this.#facts.language.textContent = languageName(message.language);
    }
  }

  #factsField() {
    const fact = (/** @type {string} */ key, /** @type {HTMLElement} */ value) =>
      element('div', {}, element('dt', { 'data-i18n': key }), value);
    return element(
      'dl', { class: 'facts', id: 'facts' },
      fact('mic.facts.language', this.#facts.language),
      fact('mic.facts.model', this.#facts.model),
      fact('mic.facts.lag', this.#facts.lag),
    );
  }
}

/** Only with a modifier: somebody who dictates must not press them by speaking (WCAG 2.1.4). */
function keysField() {
  const row = (/** @type {string} */ key, /** @type {string} */ name) =>
    element('p', {}, element('kbd', {}, key), ' ', element('span', { 'data-i18n': name }));
  return element(
    'section', { class: 'field keys', 'aria-labelledby': 'setup-keys' },
    element('h3', { class: 'field-name', id: 'setup-keys', 'data-i18n': 'mic.setup.keys' }),
    row('Alt+M', 'mic.setup.keys.mute'),
    row('Alt+P', 'mic.setup.keys.pause'),
  );
}
