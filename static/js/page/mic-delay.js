// @ts-check
/**
 * How the connection does and how far the captions are behind, in plain words. Pure; it must not know
 * the page's elements.
 */
import { t } from '../i18n/i18n.js';

/** Longer than this, the server or the network is to be named. */
const SLOW_S = 5;
/** Longer than any outage may last without loss. */
const KEPT_S = 60;
/** More waiting than this is more than a moment's. */
const WAITING_S = 2;

/**
 * @typedef {object} Hold what keeps sound from being captioned
 * @property {boolean} isMuted
 * @property {boolean} isPaused
 * @property {boolean} hasSound false when the device is gone
 * @property {boolean} isSpeaking whether somebody seems to speak although it is muted
 *
 * @typedef {object} Progress
 * @property {import('./mic-state.js').MicState} state
 * @property {Hold} hold
 * @property {number | null} lag seconds, as the server said last; null when it has not
 * @property {number} unsent seconds of audio that wait to be sent
 */

/** @type {Hold} */
export const NO_HOLD = { isMuted: false, isPaused: false, hasSound: true, isSpeaking: false };

/** @param {Progress} progress @returns {string} one sentence; "" when there is nothing to say */
export function delayWords({ state, hold, lag, unsent }) {
  if (state === 'reconnecting') return reconnecting(unsent);
  if (state !== 'listening') return '';
  if (!hold.hasSound) return t('mic.delay.kept');
  if (hold.isPaused) return t('mic.delay.paused');
  if (hold.isMuted) return t(hold.isSpeaking ? 'mic.delay.speaking-muted' : 'mic.delay.muted');
  if (unsent > WAITING_S) return t('mic.delay.network', { count: Math.round(unsent) });
  return lag === null ? '' : behind(lag);
}

/** @param {number} unsent */
function reconnecting(unsent) {
  if (unsent < 1) return t('mic.delay.reconnecting');
  if (unsent > KEPT_S) return t('mic.delay.losing');
  return t('mic.delay.keeping', { count: Math.round(unsent) });
}

/** @param {number} lag */
function behind(lag) {
  if (lag < 0.75) return t('mic.delay.live');
  const count = Math.max(1, Math.round(lag));
  return t(lag > SLOW_S ? 'mic.delay.busy' : 'mic.delay.behind', { count });
}

/**
 * @param {import('./mic-state.js').MicState} state
 * @param {Hold} hold
 * @returns {string} the status in a word or two
 */
export function statusWords(state, hold) {
  if (state === 'listening' && !hold.hasSound) return t('mic.hold.no-sound');
  if (state === 'listening' && hold.isPaused) return t('mic.hold.paused');
  if (state === 'listening' && hold.isMuted) return t('mic.hold.muted');
  return t(`mic.status.${state}`);
}
