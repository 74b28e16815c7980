// @ts-check
/**
 * What the browser is asked to do to a microphone's sound, by where the microphone is. Nothing is
 * left to the browser's defaults, which switch everything on.
 *
 * Noise suppression is off everywhere: published comparisons found that denoising before Whisper
 * makes recognition worse in nearly every condition, and the more so the larger the model; it was
 * trained on noisy speech, and a denoiser takes parts of the words away with the noise.
 */

/**
 * @typedef {"mic" | "room" | "line"} PresetName
 * @typedef {object} Treatment
 * @property {boolean} echoCancellation
 * @property {boolean} noiseSuppression
 * @property {boolean} autoGainControl
 * @property {number} channelCount
 */

/** @type {Record<PresetName, Treatment>} */
export const PRESETS = {
  // One person before a computer whose loudspeakers may play something: that is not to be captioned.
  mic: { echoCancellation: true, noiseSuppression: false, autoGainControl: true, channelCount: 1 },
  // A lectern or a table: the room's loudspeakers are not this computer's, so an echo canceller has
  // nothing to go by and only harms; voices come from near and far, so the gain must follow.
  room: { echoCancellation: false, noiseSuppression: false, autoGainControl: true, channelCount: 1 },
  // A mixing desk has done all of that. It may give two channels, which are averaged.
  line: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 2 },
};

export const DEFAULT_PRESET = 'mic';

/** @param {unknown} name @returns {PresetName} the default for one that there is not */
export function presetNamed(name) {
  const isKnown = typeof name === 'string' && Object.hasOwn(PRESETS, name);
  return isKnown ? /** @type {PresetName} */ (name) : DEFAULT_PRESET;
}
