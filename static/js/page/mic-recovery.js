// @ts-check
/**
 * What a reload left: captions to read on, and for a while a session to go on with. It must not know
 * how either is kept.
 */
import { onInterfaceLanguage, t } from '../i18n/i18n.js';
import { find, write } from './dom.js';
import { GRACE_MS } from './mic-keep.js';

/**
 * @typedef {object} RecoveryHandlers
 * @property {() => void} onAnew the session is not to be gone on with
 * @property {() => void} onClear the captions are not to be kept
 * @property {() => void} onChange whether there is a session to go on with has changed
 */

export class MicRecovery {
  #place = find('recovery', HTMLElement);
  #anew = find('recovery-anew', HTMLButtonElement);
  /** @type {import('../net/caption-socket.js').Checkpoint | null} */
  #checkpoint = null;
  #handlers;

  /** @param {RecoveryHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#anew.addEventListener('click', () => {
      this.dismiss();
      handlers.onAnew();
    });
    find('recovery-clear', HTMLButtonElement).addEventListener('click', () => {
      this.dismiss();
      handlers.onClear();
    });
    onInterfaceLanguage(() => this.#write());
  }

  /** The session that "Continue" goes on with; null when there is none, or none any more. */
  get checkpoint() {
    return this.#checkpoint;
  }

  /** @param {import('./mic-keep.js').Kept} kept @param {number} now milliseconds since the epoch */
  offer({ captions, checkpoint, keptAt }, now) {
    const left = keptAt + GRACE_MS - now;
    // A clock that was set back would make the offer last for ever.
    const isInTime = left > 0 && left <= GRACE_MS;
    if (!checkpoint || !isInTime) {
      this.#place.hidden = captions.lines.length === 0;
      this.#write();
      return;
    }
    this.#checkpoint = checkpoint;
    this.#place.hidden = false;
    this.#write();
    this.#handlers.onChange();
    setTimeout(() => this.#tooLate(), left);
  }

  /** It was answered: by going on, by beginning anew, or by clearing. */
  dismiss() {
    this.#checkpoint = null;
    this.#place.hidden = true;
    this.#handlers.onChange();
  }

  #tooLate() {
    if (!this.#checkpoint) return;
    this.#checkpoint = null;
    this.#write();
    this.#handlers.onChange();
  }

  #write() {
    const isOpen = this.#checkpoint !== null;
    write('recovery-title', t(isOpen ? 'mic.recover.title' : 'mic.recover.kept'));
    write('recovery-note', t(isOpen ? 'mic.recover.note' : 'mic.recover.kept-note'));
    this.#anew.hidden = !isOpen;
  }
}
