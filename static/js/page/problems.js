// @ts-check
/**
 * Everything that can go wrong on the pages, in plain words: what happened, and what to do. The
 * sentences are in `i18n/problem-strings.js`. Pure; it must not know the page's elements.
 */
import { t } from '../i18n/i18n.js';
import { secureTwin } from '../net/address.js';

/**
 * @typedef {object} Problem
 * @property {string} title what happened
 * @property {string} advice what to do about it
 * @property {{text: string, href: string}} [link]
 * @property {ProblemAction} [action] what a button beside it can do
 *
 * @typedef {"resume" | "reopen" | "choose" | "key"} ProblemAction let the audio go on, take a
 *   microphone again, choose another sound, or enter a key
 *
 * @typedef {import('../audio/capture-error.js').CaptureProblem} CaptureProblem
 * @typedef {import('../net/diagnose.js').Diagnosis} Diagnosis
 * @typedef {import('../net/reconnecting-socket.js').Loss} Loss
 * @typedef {CaptureProblem | "microphone-gone" | "audio-paused" | "muted" | "audio-dropped" |
 *   "taken-over" | "bad-room" | "connection-lost" | "going-away" | "server-full" | "starting" | "refused" | "server-fault" | "too-slow" |
 *   "wrong-key" | "wrong-origin" | "quota" | "wrong-version" | "session-ended"} ProblemName
 */

/** Problems that a working connection ends. @type {readonly ProblemName[]} */
export const OF_CONNECTION = [
  'connection-lost', 'going-away', 'server-full', 'starting', 'refused', 'server-fault',
  'too-slow', 'wrong-origin',
];

/** Problems that another sound ends. @type {readonly ProblemName[]} */
export const OF_SOUND = [
  'microphone-gone', 'no-permission', 'no-device', 'device-gone', 'device-busy', 'no-shared-audio',
  'share-cancelled', 'bad-file', 'audio-failed', 'audio-paused', 'muted',
];

/** @type {Partial<Record<ProblemName, ProblemAction>>} */
const ACTIONS = {
  'audio-paused': 'resume',
  'microphone-gone': 'reopen',
  'device-gone': 'choose',
  'bad-file': 'choose',
  'wrong-key': 'key',
};

/** @type {Record<number, ProblemName>} */
const BY_CODE = {
  1000: 'session-ended',
  1001: 'going-away',
  1011: 'server-fault',
  1012: 'going-away',
  1013: 'server-full',
  4000: 'too-slow',
  4008: 'too-slow',
  4009: 'taken-over',
  4029: 'too-slow',
  4501: 'wrong-key',
  4503: 'wrong-origin',
  4504: 'quota',
  4507: 'wrong-version',
};

/** @type {Record<Diagnosis, ProblemName>} */
const BY_DIAGNOSIS = {
  unreachable: 'connection-lost',
  loading: 'starting',
  draining: 'going-away',
  failed: 'server-fault',
  full: 'server-full',
  refused: 'refused',
};

/**
 * @param {ProblemName} name
 * @param {import('../net/address.js').Address} page
 * @returns {Problem}
 */
export function problemNamed(name, page) {
  const problem = {
    title: t(`problem.${name}.title`), advice: t(`problem.${name}.advice`), action: ACTIONS[name],
  };
  if (name !== 'insecure-context') return problem;
  const href = secureTwin(page);
  return { ...problem, link: { text: href, href } };
}

/** @param {Loss} loss @returns {ProblemName} */
export function problemOfLoss({ code, willRetry }) {
  if (Object.hasOwn(BY_CODE, code)) return BY_CODE[code];
  return willRetry ? 'connection-lost' : 'wrong-version';
}

/** @param {Diagnosis} diagnosis @returns {ProblemName} */
export function problemOfDiagnosis(diagnosis) {
  return BY_DIAGNOSIS[diagnosis];
}
