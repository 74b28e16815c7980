// @ts-check
/**
 * The session's recent audio by absolute sample index: what was sent and may have to be sent again
 * after a reconnect, and what still waits to be sent.
 *
 *     start ────── sent ──────▶ cursor ───── unsent ─────▶ end
 *       └ forgotten before here (at most 90 s held)  └ at most 60 s, then new audio is refused
 *
 * It must not know about sockets.
 */

export const SAMPLE_RATE = 16000;
/** What a server may ask for again after a resume, with room for an outage on top. */
const HELD_SAMPLES = 90 * SAMPLE_RATE;
const UNSENT_SAMPLES = 60 * SAMPLE_RATE;

export class AudioHistory {
  /** @type {Int16Array<ArrayBuffer>[]} contiguous, the first at `#start` */
  #chunks = [];
  #start = 0;
  #end = 0;
  #cursor = 0;

  /** Sample index of the oldest sample held. */
  get start() {
    return this.#start;
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
   * @returns {boolean} false when it was refused because too much is unsent already
   */
  append(samples) {
    if (this.unsent + samples.length > UNSENT_SAMPLES) return false;
    this.#chunks.push(samples);
    this.#end += samples.length;
    while (this.#end - this.#start > HELD_SAMPLES) {
      this.#start += /** @type {Int16Array} */ (this.#chunks.shift()).length;
    }
    return true;
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
   * Goes back to where the server lost the thread.
   *
   * @param {number} sample absolute index
   * @returns {boolean} false when that audio is not held any more, or was never captured
   */
  rewind(sample) {
    if (sample < this.#start || sample > this.#end) return false;
    this.#cursor = sample;
    return true;
  }

  /**
   * Begins a new session: the first sample that the old one did not get becomes sample 0.
   *
   * What was sent after the last acknowledgement is sent again: the dead connection may not have
   * delivered it. No more than a minute is, which is what a server takes at once.
   *
   * @param {number} received samples of the old session that the server has acknowledged
   */
  restart(received) {
    const kept = Math.max(received, this.#start, this.#end - UNSENT_SAMPLES);
    this.#cursor = Math.min(kept, this.#cursor);
    const unsent = [];
    for (let part = this.take(); part; part = this.take()) unsent.push(part);
    this.#chunks = unsent;
    this.#start = 0;
    this.#cursor = 0;
    this.#end = unsent.reduce((total, part) => total + part.length, 0);
  }
}
