// @ts-check
/**
 * How much audio may be sent now: a server takes a minute at once and then 1.5 times the speed of
 * speech, and closes with 4029 who sends more. This stays below both, so that catching up after an
 * outage never ends in a refusal. It must not know about sockets.
 */
import { SAMPLE_RATE } from './audio-history.js';

/** Margins against clocks that differ and networks that deliver in bursts. */
const FULL_SAMPLES = 50 * SAMPLE_RATE;
const SAMPLES_PER_MS = (1.35 * SAMPLE_RATE) / 1000;

export class SendBudget {
  #samples = FULL_SAMPLES;
  #last;

  /** @param {number} now milliseconds; a new connection begins with a full budget */
  constructor(now) {
    this.#last = now;
  }

  /** @param {number} now milliseconds @returns {number} samples that may be sent now */
  available(now) {
    this.#samples = Math.min(FULL_SAMPLES, this.#samples + (now - this.#last) * SAMPLES_PER_MS);
    this.#last = now;
    return this.#samples;
  }

  /** @param {number} samples that were sent */
  spend(samples) {
    this.#samples -= samples;
  }
}
