// @ts-check
/**
 * The sound of a session while it may be muted, paused, taken away or exchanged. It must not know
 * about sockets or the page.
 *
 * Muted, the sample clock goes on, over silence: nothing of the sound leaves this page, and the times
 * of the transcript stay true. Paused, nothing is captured and the clock stands still.
 */
import { MuteWatch, SpeechWatch } from '../audio/level.js';
import { NO_HOLD } from './mic-delay.js';

/**
 * @typedef {import('../audio/chunker.js').Chunk} Chunk
 * @typedef {import('../audio/capture.js').CaptureHandlers} CaptureHandlers
 * @typedef {import('../audio/sounds.js').SoundChoice} SoundChoice
 * @typedef {import('../audio/stream-sound.js').Sound} Sound
 * @typedef {import('./mic-delay.js').Hold} Hold
 *
 * @typedef {object} Captured what `Capture` gives
 * @property {Sound} sound
 * @property {() => Promise<void>} pause
 * @property {() => Promise<void>} unpause
 * @property {() => Promise<void>} resume
 * @property {() => Promise<void>} stop
 *
 * @typedef {(choice: SoundChoice, handlers: CaptureHandlers) => Promise<Captured>} StartCapture
 *   rejects with an error that has a `problem`
 *
 * @typedef {object} MicSoundHandlers
 * @property {(chunk: Chunk) => void} onChunk what is to be captioned, with the loudness of what was heard
 * @property {(hasFinished: boolean) => void} onEnded
 * @property {(isPaused: boolean) => void} onSystemPause
 * @property {(isSilent: boolean) => void} onSilence a microphone gives nothing but zeros
 * @property {(hold: Hold) => void} onHold
 */

export class MicSound {
  #start;
  #handlers;
  /** @type {Captured | null} */
  #captured = null;
  /** @type {Hold} */
  #hold = NO_HOLD;
  #muteWatch = new MuteWatch();
  #speechWatch = new SpeechWatch();

  /** @param {StartCapture} start @param {MicSoundHandlers} handlers */
  constructor(start, handlers) {
    this.#start = start;
    this.#handlers = handlers;
  }

  /** @returns {Sound | null} what is being captured */
  get sound() {
    return this.#captured?.sound ?? null;
  }

  get hold() {
    return this.#hold;
  }

  /**
   * Call it inside a click. A hold that was there stays.
   *
   * @param {SoundChoice} choice
   * @throws what `start` rejects with
   */
  async open(choice) {
    this.#muteWatch = new MuteWatch();
    const captured = await this.#start(choice, {
      onChunk: (chunk) => this.#heard(chunk),
      onEnded: (hasFinished) => this.#handlers.onEnded(hasFinished),
      onPaused: (isPaused) => this.#handlers.onSystemPause(isPaused),
    });
    this.#captured = captured;
    this.#set({ hasSound: true });
    if (this.#hold.isPaused) await captured.pause();
  }

  /** Hands over the last chunk and lets the sound go; the session may go on without. */
  async close() {
    const captured = this.#captured;
    if (!captured) return;
    await captured.stop();
    this.#captured = null;
    this.#handlers.onSilence(false);
    this.#handlers.onSystemPause(false);
  }

  /** The sound is gone, and the session waits for another. */
  lose() {
    this.#set({ hasSound: false });
  }

  /** A new session begins without any hold. */
  reset() {
    this.#speechWatch = new SpeechWatch();
    this.#set(NO_HOLD);
  }

  /** @param {boolean} isMuted */
  setMuted(isMuted) {
    this.#speechWatch = new SpeechWatch();
    this.#set({ isMuted, isSpeaking: false });
    if (isMuted) this.#handlers.onSilence(false);
    this.#muteWatch = new MuteWatch();
  }

  /** Call it inside a click. @param {boolean} isPaused */
  async setPaused(isPaused) {
    this.#set({ isPaused, isSpeaking: false });
    if (isPaused) await this.#captured?.pause();
    else await this.#captured?.unpause();
  }

  /** Lets audio go on that the system had paused; call it inside a click. */
  async resume() {
    await this.#captured?.resume();
  }

  /** @param {Chunk} chunk */
  #heard(chunk) {
    if (this.#hold.isMuted) {
      this.#set({ isSpeaking: this.#speechWatch.push(chunk.rms) });
      this.#handlers.onChunk({ samples: new Int16Array(chunk.samples.length), rms: chunk.rms });
      return;
    }
    this.#handlers.onChunk(chunk);
    // A tab or a file may well be silent for a while.
    if (this.sound?.kind === 'microphone') this.#handlers.onSilence(this.#muteWatch.push(chunk.rms));
  }

  /** @param {Partial<Hold>} changes */
  #set(changes) {
    const hold = { ...this.#hold, ...changes };
    const isNews = Object.keys(hold).some((name) => hold[name] !== this.#hold[name]);
    this.#hold = hold;
    if (isNews) this.#handlers.onHold(hold);
  }
}
