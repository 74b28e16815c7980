// @ts-check
/** From what a person chose to the sound itself. */
import { Capture } from './capture.js';
import { CaptureError } from './capture-error.js';
import { FileSound } from './file-sound.js';
import { openMicrophone } from './microphone.js';
import { openSharedSound } from './shared-sound.js';

/**
 * @typedef {object} SoundChoice
 * @property {"microphone" | "shared" | "file"} kind
 * @property {string} deviceId of the microphone; "" for the system's own choice
 * @property {import('./presets.js').PresetName} preset of the microphone
 * @property {File | null} file
 * @property {boolean} isAloud whether the file is heard as well
 */

/**
 * Call it inside a click.
 *
 * @param {SoundChoice} choice
 * @param {import('./capture.js').CaptureHandlers} handlers
 * @returns {Promise<Capture>}
 * @throws {CaptureError}
 */
export function captureChosen(choice, handlers) {
  return Capture.start(() => opened(choice), handlers);
}

/** @param {SoundChoice} choice @returns {Promise<import('./stream-sound.js').Sound>} */
async function opened({ kind, deviceId, preset, file, isAloud }) {
  if (kind === 'shared') return openSharedSound();
  if (kind === 'microphone') return openMicrophone({ deviceId, preset });
  if (!file) throw new CaptureError('bad-file');
  return FileSound.open(file, isAloud);
}
