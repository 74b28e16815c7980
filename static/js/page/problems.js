// @ts-check
/**
 * Everything that can go wrong on the mic page, in plain words: what happened, and what to do.
 * Pure; it must not know the page's elements.
 */
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

/** @type {Record<ProblemName, Problem>} */
const PROBLEMS = {
  'insecure-context': {
    title: 'This address is not secure, so the browser keeps the microphone closed',
    advice: 'Open this page over https, or on the server’s own machine as http://localhost.',
  },
  'unsupported-browser': {
    title: 'This browser cannot capture audio for captions',
    advice: 'Use a current Chrome, Edge, Firefox or Safari.',
  },
  'no-permission': {
    title: 'The microphone is not allowed',
    advice:
      'Allow it for this page (the icon beside the address), check the system’s privacy settings, ' +
      'then press Start again.',
  },
  'no-device': {
    title: 'No microphone was found',
    advice: 'Connect one, or switch it on in the system’s sound settings, then press Start again.',
  },
  'device-busy': {
    title: 'The microphone is in use',
    advice: 'Another program holds it. Close that program, then press Start again.',
  },
  'audio-failed': {
    title: 'The audio could not be started',
    advice: 'Reload the page. If it happens again, try another microphone or another browser.',
  },
  'audio-stopped': {
    title: 'The microphone was switched off by the system',
    advice: 'It was unplugged, taken by a call or withdrawn. Press Start to go on.',
  },
  'audio-paused': {
    title: 'The system has paused the audio',
    advice: 'A call or another app took over. When it is done, press Resume.',
    offersResume: true,
  },
  muted: {
    title: 'No sound reaches the microphone',
    advice: 'It may be muted: check its switch and the system’s input level.',
  },
  'audio-dropped': {
    title: 'The network is too slow',
    advice: 'Some audio could not be sent, so words may be missing. Move closer to the Wi-Fi.',
  },
  'bad-room': {
    title: 'The room name in the address cannot be used',
    advice: 'Use up to 64 letters, digits, hyphens and underscores, for example ?room=main.',
  },
  'connection-lost': {
    title: 'The server cannot be reached',
    advice: 'What you say is kept for a minute and sent when the connection is back.',
  },
  'going-away': {
    title: 'The server is restarting',
    advice: 'What you say is kept for a minute. Captions go on by themselves.',
  },
  'server-full': {
    title: 'The server is full',
    advice: 'It has no room for another speaker now. This page keeps trying by itself.',
  },
  starting: {
    title: 'The server is still loading its speech model',
    advice: 'This page connects by itself as soon as it is ready.',
  },
  refused: {
    title: 'The server did not accept the connection',
    advice:
      'It may be full, or not allow pages from this address. This page keeps trying; if it goes ' +
      'on, open the page from the server’s own address.',
  },
  'server-fault': {
    title: 'The server made a mistake',
    advice: 'It is not your fault. This page is trying again; its operator finds details in the log.',
  },
  'too-slow': {
    title: 'The server closed the connection because nothing useful came in time',
    advice: 'This page is trying again. If it goes on, reload the page.',
  },
  'wrong-key': {
    title: 'The access token is missing, wrong or expired',
    advice: 'Ask for a new link to this page.',
  },
  'wrong-origin': {
    title: 'The server does not accept captions from this address',
    advice:
      'Open the page from the server’s own address. Its operator can allow other addresses, and ' +
      'a proxy in between must pass WebSocket connections on.',
  },
  quota: {
    title: 'The allowance for this access token is used up',
    advice: 'Ask the operator of the server for more.',
  },
  'wrong-version': {
    title: 'This page and the server do not match',
    advice: 'Reload the page to get the current version.',
  },
  'session-ended': {
    title: 'The server has ended this session',
    advice: 'Press Start to begin a new one.',
  },
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
  const problem = PROBLEMS[name];
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
