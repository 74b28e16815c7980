// @ts-check
/**
 * The captions as data: `applyEvent(captions, event)` gives the next captions, and nothing else
 * happens. Committed text only ever grows; what the server sends twice counts once.
 *
 *     delta    appends to the committed text and clears the tail
 *     partial  replaces the tail
 *     final    closes the line; the tail is gone
 *     gap      a marker that says what is missing
 *     closed   ends the publisher's session, so that the next one is no break
 *
 * Utterance N+1 may begin before utterance N is closed, so a line's place follows from its number,
 * not from when it came. Lines are never changed in place: a line that is the same object shows
 * the same text. Time is an argument. It must not know about sockets or the page.
 */
import { closeWhere, extended, keyOf, putGap, updateLine } from './caption-lines.js';

/**
 * @typedef {import('./caption-lines.js').Line} Line
 * @typedef {import('./caption-lines.js').UtteranceLine} UtteranceLine
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 * @typedef {import('../net/protocol.js').Closed} Closed
 * @typedef {import('../net/protocol.js').Delta} Delta
 * @typedef {import('../net/protocol.js').Partial} Partial
 * @typedef {import('../net/protocol.js').Final} Final
 * @typedef {import('../net/protocol.js').Gap} Gap
 * @typedef {import('../net/protocol.js').Snapshot} Snapshot
 *
 * @typedef {object} Captions
 * @property {readonly Line[]} lines in reading order
 * @property {string} session the publisher's own, from `ready`; "" for watchers
 * @property {number | null} zero its sample 0, milliseconds since the epoch
 * @property {ReadonlyMap<string, number>} lastSeq by session
 * @property {ReadonlyMap<string, {start: number, at: number | null}>} begun utterances that have no
 *   line yet, by key
 * @property {number} offset of the last room event; -1 before the first
 */

/** Sessions remembered against repetition, far more than can be in one room at a time. */
const MAX_SESSIONS = 256;
/** Utterances that began and have no words yet: one or two of each session. */
const MAX_BEGUN = 256;
/** Why words may be missing at the start of a session that could not go on from the last one. */
const NOT_RESUMED = 'not_resumed';

/** @type {Captions} */
export const NO_CAPTIONS = {
  lines: [], session: '', zero: null, lastSeq: new Map(), begun: new Map(), offset: -1,
};

/**
 * @param {Captions} captions
 * @param {CaptionMessage | Closed} event a watcher's events name their session, a publisher's do not
 * @param {number | null} [now] milliseconds since the epoch; null when nobody asks for times
 * @returns {Captions} the same object when nothing changed
 */
export function applyEvent(captions, event, now = null) {
  if (event.type === 'ready') return applyReady(captions, event, now);
  // What was ended calmly is complete: the session that comes next misses nothing.
  if (event.type === 'closed') return event.reason === 'stop' ? { ...captions, session: '' } : captions;
  if (event.type === 'snapshot') return applySnapshot(captions, event);
  const session = event.session ?? captions.session;
  if (event.type === 'partial') return applyPartial(captions, session, event, now);
  if (wasSeen(captions, session, event)) return captions;
  const seen = remember(captions, session, event);
  if (event.type === 'delta') return applyDelta(seen, session, event, now);
  if (event.type === 'final') return applyFinal(seen, session, event, now);
  if (event.type === 'gap') return applyGap(seen, session, event, now);
  const begun = new Map(seen.begun);
  begun.set(keyOf(session, event.utterance), { start: event.start, at: now });
  return { ...seen, begun: bounded(begun, MAX_BEGUN) };
}

/**
 * @param {Captions} captions
 * @param {string} session
 * @param {{seq: number, offset?: number}} event
 */
function wasSeen(captions, session, { seq, offset }) {
  if (offset !== undefined && offset <= captions.offset) return true;
  return seq <= (captions.lastSeq.get(session) ?? 0);
}

/**
 * @param {Captions} captions
 * @param {string} session
 * @param {{seq: number, offset?: number}} event
 * @returns {Captions}
 */
function remember(captions, session, { seq, offset }) {
  const lastSeq = new Map(captions.lastSeq);
  lastSeq.set(session, Math.max(seq, lastSeq.get(session) ?? 0));
  return { ...captions, lastSeq: bounded(lastSeq, MAX_SESSIONS), offset: offset ?? captions.offset };
}

/**
 * @template K, V
 * @param {Map<K, V>} map loses its oldest entry when it is larger
 * @param {number} most
 */
function bounded(map, most) {
  if (map.size > most) map.delete(/** @type {K} */ (map.keys().next().value));
  return map;
}

/**
 * When the session of an event began: a watcher's events say it, a publisher was told at `ready`.
 *
 * @param {Captions} captions
 * @param {{started_at?: string | null}} event
 * @returns {number | null} milliseconds since the epoch
 */
function zeroOf(captions, { started_at: startedAt }) {
  const zero = startedAt ? Date.parse(startedAt) : Number.NaN;
  return Number.isNaN(zero) ? captions.zero : zero;
}

/**
 * @param {Captions} captions
 * @param {import('../net/protocol.js').Ready} event
 * @param {number | null} now
 * @returns {Captions}
 */
function applyReady(captions, event, now) {
  const { session } = event;
  const previous = captions.session;
  if (previous === session) return captions;
  const next = { ...captions, session, zero: zeroOf(NO_CAPTIONS, event) };
  if (previous === '') return next;
  const ended = closeWhere(captions.lines, (line) => line.session === previous);
  const gap = { reason: NOT_RESUMED, name: NOT_RESUMED, at: now };
  return { ...next, lines: putGap(ended, session, null, gap) };
}

/**
 * @param {Captions} captions
 * @param {string} session
 * @param {Gap} event
 * @param {number | null} now
 * @returns {Captions}
 */
function applyGap(captions, session, event, now) {
  const { from, to, reason, seq } = event;
  // The server knows better than the marker that this side has set at `ready`: it replaces it.
  const name = reason === NOT_RESUMED ? reason : seq;
  const gap = { reason, name, at: now, zero: zeroOf(captions, event) };
  return { ...captions, lines: putGap(captions.lines, session, { from, to }, gap) };
}

/**
 * Changes the line of an event's utterance, which begins when the utterance was said to have begun.
 *
 * @param {Captions} captions
 * @param {string} session
 * @param {{utterance: number, speaker?: string | null, started_at?: string | null}} event
 * @param {number | null} now
 * @param {(line: UtteranceLine) => UtteranceLine} change
 * @returns {Captions}
 */
function change(captions, session, event, now, change) {
  const { utterance, speaker } = event;
  const key = keyOf(session, utterance);
  const moment = captions.begun.get(key) ?? { start: null, at: now };
  const begins = { utterance, speaker, zero: zeroOf(captions, event), ...moment };
  const lines = updateLine(captions.lines, session, begins, change);
  if (lines === captions.lines) return captions;
  if (!captions.begun.has(key)) return { ...captions, lines };
  const begun = new Map(captions.begun);
  begun.delete(key);
  return { ...captions, lines, begun };
}

/**
 * @param {Captions} captions
 * @param {string} session
 * @param {Delta} event
 * @param {number | null} now
 * @returns {Captions}
 */
function applyDelta(captions, session, event, now) {
  return change(captions, session, event, now, (line) => ({
    ...line,
    committed: event.text === '' ? line.committed : [...line.committed, event.text],
    tail: '',
  }));
}

/**
 * @param {Captions} captions
 * @param {string} session
 * @param {Partial} event
 * @param {number | null} now
 * @returns {Captions}
 */
function applyPartial(captions, session, event, now) {
  const { text, revision } = event;
  return change(captions, session, event, now, (line) =>
    revision <= line.revision ? line : { ...line, tail: text, revision },
  );
}

/**
 * @param {Captions} captions
 * @param {string} session
 * @param {Final} event
 * @param {number | null} now
 * @returns {Captions}
 */
function applyFinal(captions, session, event, now) {
  return change(captions, session, event, now, (line) => ({
    ...extended(line, event.text),
    tail: '',
    language: event.language,
    start: event.start ?? line.start,
    end: event.end ?? null,
    words: event.words ?? [],
    closed: true,
  }));
}

/**
 * Marks that a page was away for longer than the server remembers: when nothing of the snapshot is
 * known, something before it may have been missed.
 *
 * @param {Captions} captions
 * @param {number} offset
 * @param {readonly Final[]} finals
 * @returns {readonly Line[]}
 */
function withHole({ lines }, offset, finals) {
  const known = new Set(lines.map(({ key }) => key));
  const isNews = finals.every(({ session, utterance }) => !known.has(keyOf(session ?? '', utterance)));
  if (lines.length === 0 || finals.length === 0 || !isNews) return lines;
  return putGap(lines, '', null, { reason: NOT_RESUMED, name: `before ${offset}`, at: null });
}

/**
 * What a watcher sees first, and again after each reconnect: lines it has are completed, lines it
 * lacks are added, lines that the room no longer has open are closed. One that ends where we are
 * says that everything missed will follow, and brings nothing else.
 *
 * @param {Captions} captions
 * @param {Snapshot} snapshot
 * @returns {Captions}
 */
function applySnapshot(captions, { offset, finals, open_utterances }) {
  if (offset === captions.offset) return captions;
  let next = { ...captions, offset, lines: withHole(captions, offset, finals) };
  for (const final of finals) {
    const session = final.session ?? '';
    next = applyFinal(remember(next, session, { seq: final.seq }), session, final, null);
  }
  for (const open of open_utterances) {
    const begins = { ...open, zero: zeroOf(next, open) };
    const lines = updateLine(next.lines, open.session, begins, (line) => ({
      ...extended(line, open.text),
      tail: open.partial,
      revision: open.revision,
    }));
    next = { ...next, lines };
  }
  const stillOpen = new Set(open_utterances.map((open) => keyOf(open.session, open.utterance)));
  return { ...next, lines: closeWhere(next.lines, (line) => !stillOpen.has(line.key)) };
}
