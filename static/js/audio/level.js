// @ts-check
/**
 * What the loudness of the chunks tells a person: how far the meter goes, and whether any sound
 * arrives at all. Pure arithmetic; it must not know the page.
 */

/** The quietest and the loudest end of the meter, in dB below full scale. */
const FLOOR_DB = -60;
/** A muted microphone gives exact or nearly exact zeros; a quiet room is far above this. */
const MUTED_RMS = 1e-4;
/** Chunks of 100 ms: five seconds of nothing is no pause for breath. */
const MUTED_CHUNKS = 50;

/** @param {number} rms 0 to 1 @returns {number} position on the meter, 0 to 1 */
export function meterPosition(rms) {
  if (rms <= 0) return 0;
  const decibels = 20 * Math.log10(rms);
  return Math.max(0, Math.min(1, 1 - decibels / FLOOR_DB));
}

/** Says when the microphone has delivered only zeros for so long that it must be muted. */
export class MuteWatch {
  #silentChunks = 0;

  /** @param {number} rms of the newest chunk @returns {boolean} whether it looks muted now */
  push(rms) {
    this.#silentChunks = rms < MUTED_RMS ? Math.min(this.#silentChunks + 1, MUTED_CHUNKS) : 0;
    return this.#silentChunks === MUTED_CHUNKS;
  }
}

/** Louder than this for half a second: somebody speaks. Steady noise of a room stays below. */
const SPEECH_RMS = 0.02;
const SPEECH_CHUNKS = 5;
/** Pauses between words are no end of speech. */
const QUIET_CHUNKS = 20;

/** Says when somebody seems to speak, for a reminder that nobody hears it. */
export class SpeechWatch {
  #loudChunks = 0;
  #quietChunks = 0;
  #isSpeaking = false;

  /** @param {number} rms of the newest chunk @returns {boolean} whether somebody seems to speak now */
  push(rms) {
    const isLoud = rms >= SPEECH_RMS;
    this.#quietChunks = isLoud ? 0 : this.#quietChunks + 1;
    this.#loudChunks = isLoud ? this.#loudChunks + 1 : Math.max(0, this.#loudChunks - 1);
    if (this.#loudChunks >= SPEECH_CHUNKS) this.#isSpeaking = true;
    if (this.#quietChunks >= QUIET_CHUNKS) {
      this.#isSpeaking = false;
      this.#loudChunks = 0;
    }
    return this.#isSpeaking;
  }
}
