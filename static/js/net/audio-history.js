// @ts-check
/**
 * The session's recent audio by absolute sample index: what was sent and may have to be sent again
 * after a reconnect, and what still waits to be sent.
 *
 *     start ────── sent ──────▶ cursor ───── unsent ─────▶ end
 *       └ forgotten before here: the oldest goes first, sent or not
 *
 * The clock never stops for an outage: every sample that was captured has its index, so a server
 * that goes on with the session can say exactly what is missing. It must not know about sockets.
 */

export const SAMPLE_RATE = 16000;
/** An outage of a minute, and before it what a restarted server had received but not yet stored. */
const HELD_SAMPLES = 90 * SAMPLE_RATE;

export class AudioHistory {
  /** @type {Int16Array<ArrayBuffer>[]} contiguous, the first at `#start` */
  #chunks = [];
  #start;
  #end;
  #cursor;

  /** @param {number} position sample index of the first sample that will be appended */
  constructor(position = 0) {
    this.#start = position;
    this.#end = position;
    this.#cursor = position;
  }

  /** Sample index of the oldest sample held. */
  get start() {
    return this.#start;
  }

  /** Sample index of the next sample to be captured. */
  get end() {
    return this.#end;
  }

  /** Sample index of the next sample to send. */
  get cursor() {
    return this.#cursor;
  }

  /** Samples that still wait to be sent. */
  get unsent() {
    return this.#end - this.#cursor;
  }

  /**
   * @param {Int16Array<ArrayBuffer>} samples kept by reference
   * @returns {number} samples that had to be forgotten for it and were never sent
   */
  append(samples) {
    this.#chunks.push(samples);
    this.#end += samples.length;
    return this.keepNewest(HELD_SAMPLES);
  }

  /**
   * Forgets the oldest audio.
   *
   * @param {number} count samples to keep at most; less, because a chunk is forgotten whole
   * @returns {number} of the forgotten samples, those that were never sent
   */
  keepNewest(count) {
    while (this.#end - this.#start > count) {
      this.#start += /** @type {Int16Array} */ (this.#chunks.shift()).length;
    }
    const lost = Math.max(0, this.#start - this.#cursor);
    this.#cursor += lost;
    return lost;
  }

  /** @returns {Int16Array<ArrayBuffer> | null} what to send next; null when all is sent */
  take() {
    let at = this.#end;
    for (let i = this.#chunks.length - 1; i >= 0; i -= 1) {
      const chunk = this.#chunks[i];
      at -= chunk.length;
      if (at > this.#cursor) continue;
      const part = chunk.subarray(this.#cursor - at);
      this.#cursor += part.length;
      return part.length > 0 ? part : null;
    }
    return null;
  }

  /**
   * Goes to where the server wants the same session to go on.
   *
   * @param {number} sample absolute index; beyond the end when the page was reloaded and the server
   *   has heard more than the page had noted: then the next sample captured gets that index
   * @returns {boolean} false when that audio is not held any more
   */
  resume(sample) {
    if (sample < this.#start) return false;
    if (sample > this.#end) {
      this.#chunks = [];
      this.#start = sample;
      this.#end = sample;
    }
    this.#cursor = sample;
    return true;
  }

  /**
   * Begins a new session: the first sample that the old one did not get becomes sample 0.
   *
   * What was sent after the last acknowledgement is sent again: the dead connection may not have
   * delivered it.
   *
   * @param {number} received samples of the old session that the server has acknowledged
   */
  restart(received) {
    this.#cursor = Math.min(Math.max(received, this.#start), this.#cursor);
    const unsent = [];
    for (let part = this.take(); part; part = this.take()) unsent.push(part);
    this.#chunks = unsent;
    this.#start = 0;
    this.#cursor = 0;
    this.#end = unsent.reduce((total, part) => total + part.length, 0);
  }
}
