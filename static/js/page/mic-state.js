// @ts-check
/**
 * What the mic page is doing, as a table: state and event give the next state. Pure; an event that
 * means nothing in a state changes nothing.
 */
import { t } from '../i18n/i18n.js';

/**
 * @typedef {"idle" | "asking" | "connecting" | "listening" | "reconnecting" | "finishing"} MicState
 * @typedef {"start" | "captured" | "capture-failed" | "ready" | "lost" | "refused" | "stop" |
 *   "drained"} MicEvent
 */

/** @type {Record<MicState, Partial<Record<MicEvent, MicState>>>} */
export const TRANSITIONS = {
  idle: { start: 'asking' },
  asking: { captured: 'connecting', 'capture-failed': 'idle', stop: 'idle' },
  connecting: { ready: 'listening', lost: 'reconnecting', refused: 'idle', stop: 'finishing' },
  listening: { lost: 'reconnecting', refused: 'idle', stop: 'finishing' },
  reconnecting: { ready: 'listening', refused: 'idle', stop: 'finishing' },
  finishing: { drained: 'idle' },
};

/** @param {MicState} state @param {MicEvent} event @returns {MicState} */
export function nextState(state, event) {
  return TRANSITIONS[state][event] ?? state;
}

/**
 * @param {{audio_s: number, lost_s: number} | null} closed the server's account of the session
 * @returns {string} the status after a session
 */
export function endWords(closed) {
  if (closed === null) return t('mic.end.unknown');
  const total = Math.round(closed.audio_s);
  const values = { minutes: Math.floor(total / 60), seconds: total % 60 };
  const heard = t(values.minutes > 0 ? 'mic.length.minutes' : 'mic.length.seconds', values);
  if (closed.lost_s === 0) return t('mic.end.complete', { heard });
  return t('mic.end.lost', { heard, lost: closed.lost_s.toFixed(1) });
}
