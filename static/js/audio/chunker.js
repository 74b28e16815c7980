// @ts-check
/**
 * Cuts a stream of samples into the chunks that one socket message carries.
 *
 * It must not know where the samples come from or go to.
 */

export const SAMPLE_RATE = 16000;
/** 100 ms: small enough to be prompt, large enough to keep messages few. */
export const CHUNK_SAMPLES = 1600;

/**
 * @typedef {object} Chunk
 * @property {Int16Array<ArrayBuffer>} samples 16 kHz mono; owns its buffer, so it can be transferred
 * @property {number} rms loudness of the chunk, 0 to 1
 */

/** @param {number} sample -1 to 1 @returns {number} the 16-bit value, clipped rather than wrapped */
export function toInt16(sample) {
  return Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
}

export class Chunker {
  #samples = new Int16Array(CHUNK_SAMPLES);
  #filled = 0;
  #energy = 0;

  /**
   * @param {Float32Array} samples
   * @param {number} count how many of them are valid
   * @param {(chunk: Chunk) => void} emit called once for each full chunk
   */
  push(samples, count, emit) {
    for (let i = 0; i < count; i += 1) {
      this.#samples[this.#filled] = toInt16(samples[i]);
      this.#filled += 1;
      this.#energy += samples[i] * samples[i];
      if (this.#filled === CHUNK_SAMPLES) emit(this.#take());
    }
  }

  /** @returns {Chunk | null} the last, shorter chunk; null when nothing is left over */
  flush() {
    return this.#filled > 0 ? this.#take() : null;
  }

  /** @returns {Chunk} */
  #take() {
    const samples = this.#samples.slice(0, this.#filled);
    const rms = Math.min(1, Math.sqrt(this.#energy / this.#filled));
    this.#filled = 0;
    this.#energy = 0;
    return { samples, rms };
  }
}
