// @ts-check
/**
 * The audio thread: microphone channels in, 16 kHz mono chunks out to the page.
 *
 * It allocates nothing per render quantum but the finished chunks, and hands those over without
 * a copy. It must not know about sockets or captions.
 *
 * Messages to the page: `{type: "chunk", samples: Int16Array, rms}`, then `{type: "flushed"}`.
 * Messages from the page: `{type: "flush"}`, after which it is finished.
 */
import { Chunker, SAMPLE_RATE } from './chunker.js';
import { Resampler } from './resampler.js';

/** Frames of one render quantum when the browser does not say otherwise. */
const QUANTUM = 128;

/** @typedef {import('./chunker.js').Chunk} Chunk */

class CaptureProcessor extends AudioWorkletProcessor {
  #resampler = new Resampler(Math.round(sampleRate), SAMPLE_RATE);
  #chunker = new Chunker();
  #mono = new Float32Array(QUANTUM);
  #resampled = new Float32Array(this.#resampler.capacityFor(QUANTUM));
  #finished = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.type === 'flush') this.#flush();
    };
  }

  /** @param {Float32Array[][]} inputs @returns {boolean} whether to be called again */
  process([channels]) {
    if (this.#finished) return false;
    // No channels: the microphone gives nothing just now. The sample clock waits with it.
    if (channels.length > 0) this.#take(this.#downmix(channels));
    return true;
  }

  /** @param {Float32Array[]} channels @returns {Float32Array} their mean */
  #downmix(channels) {
    if (channels.length === 1) return channels[0];
    const frames = channels[0].length;
    if (this.#mono.length !== frames) this.#mono = new Float32Array(frames);
    for (let i = 0; i < frames; i += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.#mono[i] = sum / channels.length;
    }
    return this.#mono;
  }

  /** @param {Float32Array} mono */
  #take(mono) {
    const capacity = this.#resampler.capacityFor(mono.length);
    if (this.#resampled.length < capacity) this.#resampled = new Float32Array(capacity);
    const count = this.#resampler.push(mono, this.#resampled);
    this.#chunker.push(this.#resampled, count, (chunk) => this.#post(chunk));
  }

  #flush() {
    if (this.#finished) return;
    this.#finished = true;
    const count = this.#resampler.flush(this.#resampled);
    this.#chunker.push(this.#resampled, count, (chunk) => this.#post(chunk));
    const rest = this.#chunker.flush();
    if (rest) this.#post(rest);
    this.port.postMessage({ type: 'flushed' });
  }

  /** @param {Chunk} chunk */
  #post({ samples, rms }) {
    this.port.postMessage({ type: 'chunk', samples, rms }, [samples.buffer]);
  }
}

registerProcessor('livecaption-capture', CaptureProcessor);
