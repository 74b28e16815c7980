// @ts-check
/**
 * Captures a sound: audio context, worklet, and everything that can end them.
 *
 * Whatever the sound is, it goes the same way, so captions cannot depend on where it came from. It must
 * not know about sockets or the page; what goes wrong has a name (`CaptureError.problem`) that the
 * page puts into words.
 */
import { CaptureError } from './capture-error.js';

/**
 * @typedef {import('./chunker.js').Chunk} Chunk
 * @typedef {import('./stream-sound.js').Sound} Sound
 *
 * @typedef {object} CaptureHandlers
 * @property {(chunk: Chunk) => void} onChunk 100 ms of audio; the last one may be shorter
 * @property {(hasFinished: boolean) => void} onEnded nothing more will come: the device was taken
 *   away, or the file is over (`hasFinished`)
 * @property {(paused: boolean) => void} onPaused the system has stopped the audio, or lets it go on
 */

/** How long the audio thread gets to hand over its last chunk. */
const FLUSH_TIMEOUT_MS = 500;

export class Capture {
  #context;
  #sound;
  #node;
  #handlers;
  #isStopping = false;
  #isHeld = false;

  /**
   * Call it inside a click: a context made outside one stays silent in Safari and Chrome.
   *
   * @param {() => Promise<Sound>} open asks for the sound
   * @param {CaptureHandlers} handlers
   * @returns {Promise<Capture>}
   * @throws {CaptureError}
   */
  static async start(open, handlers) {
    if (!window.isSecureContext) throw new CaptureError('insecure-context');
    if (!window.AudioWorkletNode) throw new CaptureError('unsupported-browser');
    // At the device's own rate: Firefox refuses a microphone on a context with any other.
    const context = new AudioContext({ latencyHint: 'interactive' });
    const worklet = context.audioWorklet.addModule(new URL('./capture-worklet.js', import.meta.url));
    const [sound, ...others] = await Promise.allSettled([open(), worklet, context.resume()]);
    const failed = [sound, ...others].find(({ status }) => status === 'rejected');
    if (sound.status === 'fulfilled' && !failed) {
      return new Capture(context, sound.value, handlers).#begun();
    }
    if (sound.status === 'fulfilled') sound.value.release();
    await context.close();
    const reason = /** @type {PromiseRejectedResult} */ (failed).reason;
    throw reason instanceof CaptureError ? reason : new CaptureError('audio-failed', reason);
  }

  /**
   * @param {AudioContext} context
   * @param {Sound} sound
   * @param {CaptureHandlers} handlers
   */
  constructor(context, sound, handlers) {
    this.#context = context;
    this.#sound = sound;
    this.#handlers = handlers;
    this.#node = new AudioWorkletNode(context, 'livecaption-capture', { channelCountMode: 'max' });
    this.#node.port.onmessage = ({ data }) => {
      if (data.type === 'chunk') handlers.onChunk(data);
    };
    this.#node.onprocessorerror = () => this.#ended(false);
    // The node plays silence; connected, it is driven in every browser.
    sound
      .connect(context, (hasFinished) => this.#ended(hasFinished))
      .connect(this.#node)
      .connect(context.destination);
    context.onstatechange = () => this.#stateChanged();
  }

  /** @returns {Promise<Capture>} itself, once it sounds @throws {CaptureError} */
  async #begun() {
    try {
      await this.#sound.play();
      return this;
    } catch (error) {
      await this.stop();
      throw new CaptureError(this.#sound.kind === 'file' ? 'bad-file' : 'audio-failed', error);
    }
  }

  /** What is captured. */
  get sound() {
    return this.#sound;
  }

  /** Stops listening until `unpause`; the sample clock stands still. */
  async pause() {
    this.#isHeld = true;
    this.#sound.pause();
    await this.#context.suspend();
  }

  /** Call it inside a click. */
  async unpause() {
    this.#isHeld = false;
    await this.#context.resume();
    await this.#sound.play();
  }

  /** Continues after the system paused the audio; call it inside a click. */
  async resume() {
    await this.#context.resume();
  }

  /** Hands over the last chunk and lets the sound go. */
  async stop() {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#flush();
    this.#sound.release();
    await this.#context.close();
  }

  /** Waits for the chunk that the audio thread is still filling. */
  async #flush() {
    const { port } = this.#node;
    /** @type {Promise<void>} */
    const flushed = new Promise((resolve) => {
      port.onmessage = ({ data }) => {
        if (data.type === 'chunk') this.#handlers.onChunk(data);
        else resolve();
      };
      setTimeout(resolve, FLUSH_TIMEOUT_MS);
    });
    port.postMessage({ type: 'flush' });
    await flushed;
  }

  /** @param {boolean} hasFinished */
  #ended(hasFinished) {
    if (!this.#isStopping) this.#handlers.onEnded(hasFinished);
  }

  #stateChanged() {
    if (this.#isStopping || this.#isHeld) return;
    // "interrupted" is what iOS says during a call; elsewhere it is "suspended".
    this.#handlers.onPaused(this.#context.state !== 'running');
  }
}
