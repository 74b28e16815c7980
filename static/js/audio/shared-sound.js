// @ts-check
/** What a browser tab, a window or the whole computer plays, where the browser can hand it over. */
import { CaptureError, captureError } from './capture-error.js';
import { StreamSound } from './stream-sound.js';

/** @type {Record<string, import('./capture-error.js').CaptureProblem>} */
const PROBLEMS = {
  NotAllowedError: 'share-cancelled',
  InvalidStateError: 'share-cancelled',
  NotFoundError: 'no-shared-audio',
  NotReadableError: 'device-busy',
  AbortError: 'device-busy',
};

/**
 * Firefox and Safari share pictures only, and no phone shares anything; they have the function all
 * the same. The browsers that share sound are those that know how to silence it at home.
 */
export function canShareSound() {
  const devices = navigator.mediaDevices;
  if (!devices?.getDisplayMedia || /Android|Mobile/.test(navigator.userAgent)) return false;
  return 'suppressLocalAudioPlayback' in (devices.getSupportedConstraints?.() ?? {});
}

/**
 * Call it inside a click.
 *
 * @returns {Promise<StreamSound>}
 * @throws {CaptureError}
 */
export async function openSharedSound() {
  if (!canShareSound()) throw new CaptureError('unsupported-browser');
  const stream = await ask();
  // No browser shares sound without a picture. It is let go at once: the sound stays.
  for (const track of stream.getVideoTracks()) track.stop();
  if (stream.getAudioTracks().length === 0) throw new CaptureError('no-shared-audio');
  return new StreamSound('shared', stream);
}

/** @returns {Promise<MediaStream>} */
async function ask() {
  const audio = {
    // It is what the loudspeakers get: nothing in it is echo, and it goes on being heard here.
    echoCancellation: false, noiseSuppression: false, autoGainControl: false,
    suppressLocalAudioPlayback: false,
  };
  const wish = {
    audio,
    video: { width: { max: 160 }, height: { max: 90 }, frameRate: { max: 1 } },
    systemAudio: 'include', windowAudio: 'system', surfaceSwitching: 'include',
    selfBrowserSurface: 'exclude',
  };
  try {
    return await navigator.mediaDevices.getDisplayMedia(wish);
  } catch (error) {
    throw captureError(error, PROBLEMS);
  }
}
