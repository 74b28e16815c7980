// @ts-check
/** The microphone: which there are, and asking for one. */
import { CaptureError, captureError } from './capture-error.js';
import { PRESETS } from './presets.js';
import { StreamSound } from './stream-sound.js';

/** @type {Record<string, import('./capture-error.js').CaptureProblem>} */
const PROBLEMS = {
  NotAllowedError: 'no-permission',
  SecurityError: 'no-permission',
  NotFoundError: 'no-device',
  OverconstrainedError: 'no-device',
  NotReadableError: 'device-busy',
  AbortError: 'device-busy',
};

/** Chrome's names for whatever the system prefers, which "" stands for here. */
const ALIASES = new Set(['', 'default', 'communications']);

/** @typedef {{id: string, label: string}} Device */

/**
 * @param {{deviceId: string, preset: import('./presets.js').PresetName}} wish "" for the system's
 *   own choice of device
 * @returns {Promise<StreamSound>}
 * @throws {CaptureError}
 */
export async function openMicrophone({ deviceId, preset }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new CaptureError('unsupported-browser');
  // Exact: another microphone than the chosen one is not to listen without a word.
  const device = deviceId ? { deviceId: { exact: deviceId } } : {};
  const { channelCount, ...treatment } = PRESETS[preset];
  const audio = { ...device, ...treatment, channelCount: { ideal: channelCount } };
  try {
    return new StreamSound('microphone', await navigator.mediaDevices.getUserMedia({ audio }));
  } catch (error) {
    const isMissing =
      error instanceof DOMException && ['NotFoundError', 'OverconstrainedError'].includes(error.name);
    if (deviceId && isMissing) throw new CaptureError('device-gone', error);
    throw captureError(error, PROBLEMS);
  }
}

/**
 * @returns {Promise<Device[]>} the microphones by name; none before the browser tells names, which
 *   it does once a microphone was allowed
 */
export async function listMicrophones() {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return all
    .filter(({ kind, deviceId, label }) => kind === 'audioinput' && label && !ALIASES.has(deviceId))
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** @param {() => void} onChange called when a device was plugged in or out */
export function onDevicesChange(onChange) {
  navigator.mediaDevices?.addEventListener?.('devicechange', onChange);
}
