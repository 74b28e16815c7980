// @ts-check
/**
 * What the operator's page says about the server, worked out from its state. Pure.
 *
 * The server counts since it began; what is of interest is the last minute, so a state is compared
 * with the oldest one that is kept.
 */

/** Captions later than this are no longer live. */
export const LATE_S = 3;
/** States that are compared with each other: a minute, at one every two seconds. */
const KEPT = 31;

/**
 * @typedef {object} Delay
 * @property {number} count
 * @property {number} total_s
 * @property {number} late
 *
 * @typedef {object} Session
 * @property {string} session
 * @property {string} room
 * @property {boolean} connected
 * @property {number} audio_s
 * @property {number} lag_s
 * @property {number} hop_s
 * @property {number | null} delay_s
 * @property {number} words
 * @property {string | null} language
 *
 * @typedef {{room: string, tag: string, publishers: number, detached: number, watchers: number}} Room
 *
 * @typedef {object} State
 * @property {string} version
 * @property {string} status
 * @property {string | null} problem
 * @property {number} uptime_s
 * @property {{name: string, device: string, compute_type: string}} model
 * @property {{draining: boolean, sessions_left: number}} drain
 * @property {{active: number, detached: number, watchers: number, limit: number, capacity: number | null}} streams
 * @property {{commit_delay: Delay, first_text_delay: Delay, gap_s: number, words: number}} captions
 * @property {{lanes: number, queue: number, queue_jobs: number, busy_s: number, turnaround_s: number,
 *   batches: number, rows: number}} engine
 * @property {{failing: string | null, waiting: number, lost: number}} store
 * @property {Record<string, number>} refusals
 * @property {{service: string, room: string, troubled: boolean}[]} sinks
 * @property {{index: number, used_bytes: number, total_bytes: number, busy: number, celsius: number}[]} gpus
 * @property {Room[]} rooms
 * @property {Session[]} sessions
 *
 * @typedef {{name: string, value: string, note: string, late?: boolean}} Tile
 */

const STATUS = new Map([
  ['ready', 'Ready'],
  ['loading', 'Loading the model'],
  ['restarting', 'Restarting the model'],
  ['full', 'Full'],
  ['draining', 'Draining'],
  ['failed', 'The model does not work'],
]);

/** The states of the last minute, oldest first. */
export class History {
  /** @type {State[]} */
  #states = [];

  /** @param {State} state the newest */
  push(state) {
    // A server that was started anew counts from 0 again.
    const before = this.#states.at(-1);
    if (before && state.uptime_s < before.uptime_s) this.#states = [];
    this.#states.push(state);
    if (this.#states.length > KEPT) this.#states.shift();
  }

  /** @returns {State | undefined} */
  get newest() {
    return this.#states.at(-1);
  }

  /** @returns {State | undefined} */
  get oldest() {
    return this.#states[0];
  }
}

/** @param {string} status */
export function statusWords(status) {
  return STATUS.get(status) ?? status;
}

/** @param {State} state */
export function aboutWords({ version, model, uptime_s }) {
  const { name, device, compute_type } = model;
  return `Version ${version}, model ${name} on ${device} (${compute_type}), up ${duration(uptime_s)}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/**
 * @param {State} state
 * @param {State} before an earlier one of the same server
 * @returns {Tile[]}
 */
export function tiles(state, before) {
  return [
    speakers(state),
    delay(state, before),
    load(state, before),
    queue(state),
    { name: 'Readers', value: String(state.streams.watchers), note: rooms(state.rooms.length) },
    lost(state, before),
    refused(state, before),
    ...state.gpus.map(gpu),
  ];
}

/**
 * @param {State} state
 * @returns {string[]} one sentence for each
 */
export function problems({ problem, store, sinks }) {
  const found = [];
  if (problem) found.push(`The model does not work: ${problem}`);
  if (store.failing) {
    const { failing, waiting } = store;
    found.push(`Captions are shown but cannot be stored (${failing}); ${waiting} rows wait.`);
  }
  if (store.lost) found.push(`${store.lost} rows could not be stored and are lost.`);
  for (const { service, room, troubled } of sinks) {
    if (troubled) found.push(`${service} takes no captions of room ${room}.`);
  }
  return found;
}

/**
 * @param {State} state
 * @returns {{words: string, button: string}}
 */
export function drainWords({ drain }) {
  if (!drain.draining) {
    return {
      words: 'Draining sends new speakers elsewhere. Whoever speaks already goes on.',
      button: 'Drain this server',
    };
  }
  const left = drain.sessions_left;
  const waiting = left === 1 ? '1 speaker is' : `${left} speakers are`;
  return {
    words: left ? `No new work is taken; ${waiting} still here.` : 'Empty: it can be stopped now.',
    button: 'Take new work again',
  };
}

/** @param {Session} session @returns {string[]} cells of its row */
export function sessionCells(session) {
  const { room, connected, language, audio_s, words, delay_s, lag_s, hop_s, session: id } = session;
  return [
    room,
    connected ? 'connected' : 'connection lost',
    language ?? '–',
    duration(audio_s),
    String(words),
    delay_s === null ? '–' : `${delay_s.toFixed(2)}\u00a0s`,
    `${lag_s.toFixed(1)}\u00a0s`,
    `${hop_s.toFixed(2)}\u00a0s`,
    id,
  ];
}

/** @param {Room} room @returns {string[]} cells of its row */
export function roomCells({ room, publishers, detached, watchers, tag }) {
  const speaking = detached ? `${publishers} (+${detached} lost)` : String(publishers);
  return [room, speaking, String(watchers), tag];
}

/** @param {number} count */
function rooms(count) {
  return count === 1 ? 'in 1 room' : `in ${count} rooms`;
}

/** @param {State} state @returns {Tile} */
function speakers({ streams }) {
  const { active, detached, limit, capacity } = streams;
  const most = capacity === null ? limit : Math.min(capacity, limit);
  const waiting = detached ? `, ${detached} waited for` : '';
  const measured = capacity === null ? 'at most' : 'room for';
  return {
    name: 'Speakers',
    value: String(active),
    note: `${measured} ${most}${waiting}`,
    late: active + detached >= most,
  };
}

/** @param {State} state @param {State} before @returns {boolean} whether it is the first one seen */
function isFirst(state, before) {
  return state.uptime_s <= before.uptime_s;
}

/** @param {State} state @param {State} before @returns {Tile} */
function delay(state, before) {
  const now = state.captions.commit_delay;
  const then = before.captions.commit_delay;
  const count = now.count - then.count;
  if (isFirst(state, before)) return { name: 'Caption delay', value: '–', note: 'measuring' };
  if (count <= 0) return { name: 'Caption delay', value: '–', note: 'no words in the last minute' };
  const mean = (now.total_s - then.total_s) / count;
  const share = (now.late - then.late) / count;
  return {
    name: 'Caption delay',
    value: `${mean.toFixed(2)}\u00a0s`,
    note: `${percent(share)} later than ${LATE_S}\u00a0s`,
    late: mean > LATE_S || share > 0.05,
  };
}

/** @param {State} state @param {State} before @returns {Tile} */
function load(state, before) {
  if (isFirst(state, before)) return { name: 'Engine load', value: '–', note: 'measuring' };
  const time = (state.uptime_s - before.uptime_s) * state.engine.lanes;
  const busy = (state.engine.busy_s - before.engine.busy_s) / time;
  const batches = state.engine.batches - before.engine.batches;
  const rows = batches ? (state.engine.rows - before.engine.rows) / batches : 0;
  return {
    name: 'Engine load',
    value: percent(Math.min(1, busy)),
    note: batches ? `${rows.toFixed(1)} windows a batch` : 'nothing to decode',
    late: busy > 0.9,
  };
}

/** @param {State} state @returns {Tile} */
function queue({ engine }) {
  const files = engine.queue_jobs ? `, ${engine.queue_jobs} of files` : '';
  return {
    name: 'Waiting windows',
    value: String(engine.queue),
    note: `answered after ${engine.turnaround_s.toFixed(2)}\u00a0s${files}`,
  };
}

/** @param {State} state @param {State} before @returns {Tile} */
function lost(state, before) {
  const recent = state.captions.gap_s - before.captions.gap_s;
  return {
    name: 'Audio not captioned',
    value: `${state.captions.gap_s.toFixed(1)}\u00a0s`,
    note: recent > 0 ? `${recent.toFixed(1)}\u00a0s in the last minute` : 'none in the last minute',
    late: recent > 0,
  };
}

/** @param {State} state @param {State} before @returns {Tile} */
function refused(state, before) {
  const sum = (/** @type {Record<string, number>} */ counts) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const recent = sum(state.refusals) - sum(before.refusals);
  const full = (state.refusals['full'] ?? 0) - (before.refusals['full'] ?? 0);
  return {
    name: 'Turned away',
    value: String(sum(state.refusals)),
    note: full ? `${full} because full, in the last minute` : `${recent} in the last minute`,
    late: full > 0,
  };
}

/** @param {State['gpus'][number]} reading @returns {Tile} */
function gpu({ index, used_bytes, total_bytes, busy, celsius }) {
  const giga = (/** @type {number} */ bytes) => (bytes / 2 ** 30).toFixed(1);
  return {
    name: `GPU ${index}`,
    value: percent(busy),
    note: `${giga(used_bytes)} of ${giga(total_bytes)}\u00a0GiB, ${celsius.toFixed(0)}\u00a0°C`,
    late: used_bytes > 0.97 * total_bytes || celsius >= 85,
  };
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)}\u00a0%`;
}
