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
 * @property {boolean} [offersResume] whether a "Resume" button helps
 *
 * @typedef {import('../audio/capture.js').CaptureProblem} CaptureProblem
 * @typedef {import('../net/diagnose.js').Diagnosis} Diagnosis
 * @typedef {import('../net/reconnecting-socket.js').Loss} Loss
 * @typedef {CaptureProblem | "audio-stopped" | "audio-paused" | "muted" | "audio-dropped" |
 *   "bad-room" | "connection-lost" | "going-away" | "server-full" | "starting" | "refused" | "server-fault" | "too-slow" |
 *   "wrong-key" | "wrong-origin" | "quota" | "wrong-version" | "session-ended"} ProblemName
 */

/** @type {Record<number, ProblemName>} */
const BY_CODE = {
  1000: 'session-ended',
  1001: 'going-away',
  1011: 'server-fault',
  1012: 'going-away',
  1013: 'server-full',
  4000: 'too-slow',
  4008: 'too-slow',
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
  const problem = { title: t(`problem.${name}.title`), advice: t(`problem.${name}.advice`) };
  if (name === 'audio-paused') return { ...problem, offersResume: true };
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
