// @ts-check
/**
 * The `livecaption.v1` messages as the pages write and read them: the twin of the server's codec.
 * Both are tested with the same fixtures.
 *
 * Reading checks only what the pages rely on, ignores fields it does not know and answers null for
 * messages it does not know, so that an older page goes on working with a newer server. It must
 * not know about sockets.
 */

export const SUBPROTOCOL = 'livecaption.v1';
const TOKEN_PREFIX = 'lct.';

/**
 * @typedef {{session: string, resume_token: string, last_seq: number,
 *   held_from: number}} Resume
 * @typedef {{language: string | null, vocabulary: readonly string[],
 *   speaker: string | null}} Speech how a publisher's audio is to be understood and named
 * @typedef {{language?: string | null, vocabulary?: readonly string[],
 *   speaker?: string | null}} SpeechChanges
 * @typedef {Speech & {room: string, resume: Resume | null}} StartOptions
 *
 * @typedef {object} RoomFields added to each event that a watcher gets
 * @property {string} [session]
 * @property {string | null} [speaker]
 * @property {string | null} [started_at] wall-clock time of the session's sample 0, ISO 8601
 * @property {number} [offset]
 *
 * @typedef {{type: "ready", session: string, resume_token: string, room: string, model: string,
 *   language: string | null, started_at?: string, resumed: boolean, resume_from: number,
 *   limits: {idle_s: number}}} Ready
 * @typedef {RoomFields & {type: "utterance_started", seq: number, utterance: number,
 *   start: number}} UtteranceStarted
 * @typedef {RoomFields & {type: "delta", seq: number, utterance: number, text: string}} Delta
 * @typedef {RoomFields & {type: "partial", utterance: number, revision: number,
 *   text: string}} Partial
 * @typedef {{text: string, start: number, end: number}} Word seconds on the session's audio clock
 * @typedef {RoomFields & {type: "final", seq: number, utterance: number, text: string,
 *   language: string | null, start?: number, end?: number, words?: Word[]}} Final
 * @typedef {RoomFields & {type: "gap", seq: number, from: number, to: number,
 *   reason: string}} Gap
 * @typedef {{session: string, speaker: string | null, utterance: number, text: string,
 *   partial: string, revision: number, start?: number,
 *   started_at?: string | null}} OpenUtterance
 * @typedef {{type: "snapshot", room: string, offset: number, finals: Final[],
 *   open_utterances: OpenUtterance[]}} Snapshot
 * @typedef {{type: "presence", room: string, publishers: number, detached: number}} Presence
 * @typedef {{type: "ack", received: number, committed: number}} Ack
 * @typedef {{type: "status", lag: number, hop: number, queue: number}} Status
 * @typedef {{type: "error", code: string, message: string, fatal: boolean,
 *   retry_after_ms: number | null}} ServerError
 * @typedef {{type: "finalized"}} Finalized
 * @typedef {{type: "closed", reason: string, audio_s: number, captioned_s: number,
 *   silent_s: number, lost_s: number}} Closed
 *
 * @typedef {Ready | Snapshot | UtteranceStarted | Delta | Partial | Final | Gap} CaptionMessage
 * @typedef {CaptionMessage | Ack | Status | ServerError | Finalized | Closed
 *   | Presence} ServerMessage
 */

/** The server sent something that is no message of this protocol. */
export class WireError extends Error {}

/** @typedef {"string" | "number" | "boolean" | "object" | "array" | "text or null"} Kind */

/** @type {Record<Kind, (value: unknown) => boolean>} */
const IS = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  array: Array.isArray,
  'text or null': (value) => value === null || value === undefined || typeof value === 'string',
};

/** @type {Record<string, Kind>} */
const ORIGIN = { session: 'text or null', speaker: 'text or null', started_at: 'text or null' };
/** @type {Record<string, Kind>} */
const NUMBERED = { ...ORIGIN, seq: 'number' };

/** The fields that the pages rely on. @type {Record<string, Record<string, Kind>>} */
const FIELDS = {
  ready: {
    session: 'string', resume_token: 'string', room: 'string', model: 'string',
    language: 'text or null', started_at: 'text or null', resumed: 'boolean',
    resume_from: 'number', limits: 'object',
  },
  utterance_started: { ...NUMBERED, utterance: 'number', start: 'number' },
  delta: { ...NUMBERED, utterance: 'number', text: 'string' },
  partial: { ...ORIGIN, utterance: 'number', revision: 'number', text: 'string' },
  final: { ...NUMBERED, utterance: 'number', text: 'string', language: 'text or null' },
  gap: { ...NUMBERED, from: 'number', to: 'number', reason: 'string' },
  snapshot: { room: 'string', offset: 'number', finals: 'array', open_utterances: 'array' },
  presence: { room: 'string', publishers: 'number', detached: 'number' },
  ack: { received: 'number', committed: 'number' },
  status: { lag: 'number' },
  error: { code: 'string', message: 'string', fatal: 'boolean' },
  finalized: {},
  closed: { reason: 'string', audio_s: 'number', lost_s: 'number' },
};

/** @type {Record<string, Kind>} */
const OPEN_UTTERANCE = {
  session: 'string', utterance: 'number', text: 'string', partial: 'string', revision: 'number',
  started_at: 'text or null',
};

/** @param {any} value @param {Record<string, Kind>} fields @param {string} name */
function check(value, fields, name) {
  if (!IS.object(value)) throw new WireError(`${name} must be a JSON object`);
  for (const [field, kind] of Object.entries(fields)) {
    if (!IS[kind](value[field])) throw new WireError(`${name}: "${field}" must be ${kind}`);
  }
}

/**
 * @param {unknown} data what a socket's message event carries
 * @returns {ServerMessage | null} null for a type this page does not know
 * @throws {WireError} when it is not a message of this protocol
 */
export function decodeServer(data) {
  if (typeof data !== 'string') throw new WireError('the server sends text, not binary frames');
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    throw new WireError('the server sent text that is not JSON');
  }
  check(message, { type: 'string' }, 'message');
  if (!Object.hasOwn(FIELDS, message.type)) return null;
  check(message, FIELDS[message.type], message.type);
  if (message.type === 'snapshot') {
    for (const final of message.finals) check(final, FIELDS.final, 'a final of the snapshot');
    for (const open of message.open_utterances) check(open, OPEN_UTTERANCE, 'an open utterance');
  }
  return message;
}

/** @param {StartOptions} options @returns {string} */
export function encodeStart({ room, language, vocabulary, speaker, resume }) {
  const audio = { encoding: 'pcm_s16le', sample_rate: 16000, channels: 1 };
  return JSON.stringify({
    type: 'start', room, audio, language, partials: true, vocabulary, speaker, resume,
  });
}

/** @param {SpeechChanges} changes from the next utterance on; the rest stays @returns {string} */
export function encodeConfigure(changes) {
  return JSON.stringify({ type: 'configure', ...changes });
}

/** @returns {string} what closes the open utterance now; always answered by `finalized` */
export function encodeFinalize() {
  return JSON.stringify({ type: 'finalize' });
}

/** @returns {string} */
export function encodeKeepalive() {
  return JSON.stringify({ type: 'keepalive' });
}

/**
 * @param {{token?: string | null, after?: number | null}} [wishes] of a watcher: what its link
 *   allows, and the last offset it has seen
 * @returns {string} also spares a watcher without wishes the server's wait for one
 */
export function encodeHello({ token = null, after = null } = {}) {
  const wishes = { ...(token !== null && { token }), ...(after !== null && { after }) };
  return JSON.stringify({ type: 'hello', ...wishes });
}

/** @returns {string} */
export function encodeStop() {
  return JSON.stringify({ type: 'stop' });
}

/**
 * @param {string | null} token a browser cannot send a header, so it offers its token this way
 * @returns {string[]} the subprotocols to offer
 */
export function offeredProtocols(token) {
  return token ? [SUBPROTOCOL, TOKEN_PREFIX + token] : [SUBPROTOCOL];
}
