// @ts-check
/**
 * What the mic page is doing, as a table: state and event give the next state. Each state has its
 * words and what its button does. Pure; an event that means nothing in a state changes nothing.
 */

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

/**
 * @typedef {object} StateWords
 * @property {string} status
 * @property {string} button
 * @property {string} headline what to do while there are no captions yet
 */

/** @type {Record<MicState, StateWords>} */
export const WORDS = {
  idle: { status: 'Ready', button: 'Start', headline: 'Press Start and speak.' },
  asking: {
    status: 'Waiting for the microphone',
    button: 'Cancel',
    headline: 'Allow the microphone.',
  },
  connecting: { status: 'Connecting', button: 'Stop', headline: 'One moment.' },
  listening: { status: 'Listening', button: 'Stop', headline: 'Say something.' },
  reconnecting: {
    status: 'No connection, trying again',
    button: 'Stop',
    headline: 'One moment.',
  },
  finishing: {
    status: 'Waiting for the last words',
    button: 'Finishing',
    headline: 'One moment.',
  },
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
  if (closed === null) return 'Stopped; the last words may be missing';
  const total = Math.round(closed.audio_s);
  const minutes = Math.floor(total / 60);
  const seconds = total % 60;
  const heard = minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
  if (closed.lost_s === 0) return `Stopped after ${heard}`;
  return `Stopped after ${heard}, ${closed.lost_s.toFixed(1)} s were not captioned`;
}
