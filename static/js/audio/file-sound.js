// @ts-check
/**
 * An audio or video file of this computer, played at its own speed and captured while it plays. The
 * browser decodes it bit by bit, so its length does not matter, and nothing of it is uploaded but
 * the sound.
 */
import { CaptureError } from './capture-error.js';

/** @typedef {import('./stream-sound.js').Sound} Sound */

/** @implements {Sound} */
export class FileSound {
  /** @type {"file"} */
  kind = 'file';
  settings = null;
  #element;
  #isAloud;

  /**
   * @param {File} file
   * @param {boolean} isAloud whether it is heard as well
   * @returns {Promise<FileSound>}
   * @throws {CaptureError} the browser cannot play it
   */
  static async open(file, isAloud) {
    const element = document.createElement('video');
    const url = URL.createObjectURL(file);
    element.preload = 'metadata';
    element.src = url;
    try {
      await new Promise((resolve, reject) => {
        element.onloadedmetadata = resolve;
        element.onerror = () => reject(new CaptureError('bad-file', element.error));
      });
    } catch (error) {
      URL.revokeObjectURL(url);
      throw error;
    }
    return new FileSound(file.name, element, isAloud);
  }

  /** @param {string} label @param {HTMLMediaElement} element @param {boolean} isAloud */
  constructor(label, element, isAloud) {
    this.label = label;
    this.#element = element;
    this.#isAloud = isAloud;
  }

  /** @param {AudioContext} context @param {(hasFinished: boolean) => void} onEnded */
  connect(context, onEnded) {
    const node = context.createMediaElementSource(this.#element);
    // Once it feeds a context, the element itself is silent.
    if (this.#isAloud) node.connect(context.destination);
    this.#element.onended = () => onEnded(true);
    this.#element.onerror = () => onEnded(false);
    return node;
  }

  async play() {
    await this.#element.play();
  }

  pause() {
    this.#element.pause();
  }

  release() {
    this.#element.onended = null;
    this.#element.onerror = null;
    this.#element.pause();
    URL.revokeObjectURL(this.#element.src);
    this.#element.removeAttribute('src');
    this.#element.load();
  }

  /** @returns {{position: number, duration: number}} seconds; Infinity where the file does not say */
  progress() {
    return { position: this.#element.currentTime, duration: this.#element.duration };
  }
}
