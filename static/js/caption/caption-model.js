// @ts-check
/**
 * The captions as data: `applyEvent(captions, event)` gives the next captions, and nothing else
 * happens. Committed text only ever grows; what the server sends twice counts once.
 *
 *     delta    appends to the committed text and clears the tail
 *     partial  replaces the tail
 *     final    closes the line; the tail is gone
 *     gap      a marker that says what is missing
 *
 * Utterance N+1 may begin before utterance N is closed, so a line's place follows from its number,
 * not from when it came. Lines are never changed in place: a line that is the same object shows
 * the same text. It must not know about sockets or the page.
 */
import { closeWhere, extended, keyOf, putGap, updateLine } from './caption-lines.js';

/**
 * @typedef {import('./caption-lines.js').Line} Line
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 * @typedef {import('../net/protocol.js').Delta} Delta
 * @typedef {import('../net/protocol.js').Partial} Partial
 * @typedef {import('../net/protocol.js').Final} Final
 * @typedef {import('../net/protocol.js').Gap} Gap
 * @typedef {import('../net/protocol.js').Snapshot} Snapshot
 *
 * @typedef {object} Captions
 * @property {readonly Line[]} lines in reading order
 * @property {string} session the publisher's own, from `ready`; "" for watchers
 * @property {ReadonlyMap<string, number>} lastSeq by session
 * @property {number} offset of the last room event; -1 before the first
 */

/** Sessions remembered against repetition, far more than can be in one room at a time. */
const MAX_SESSIONS = 256;
/** Why words may be missing at the start of a session that could not go on from the last one. */
const NOT_RESUMED = 'not_resumed';

/** @type {Captions} */
export const NO_CAPTIONS = { lines: [], session: '', lastSeq: new Map(), offset: -1 };

/**
 * @param {Captions} captions
 * @param {CaptionMessage} event a watcher's events name their session, a publisher's do not
 * @returns {Captions} the same object when nothing changed
 */
export function applyEvent(captions, event) {
  if (event.type === 'ready') return applyReady(captions, event.session);
  if (event.type === 'snapshot') return applySnapshot(captions, event);
  const session = event.session ?? captions.session;
  if (event.type === 'partial') return applyPartial(captions, session, event);
  if (wasSeen(captions, session, event)) return captions;
  const seen = remember(captions, session, event);
  if (event.type === 'delta') return applyDelta(seen, session, event);
  if (event.type === 'final') return applyFinal(seen, session, event);
  if (event.type === 'gap') return applyGap(seen, session, event);
  return seen;
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
  if (lastSeq.size > MAX_SESSIONS) lastSeq.delete(/** @type {string} */ (firstKey(lastSeq)));
  return { ...captions, lastSeq, offset: offset ?? captions.offset };
}

/** @param {Map<string, unknown>} map */
function firstKey(map) {
  return map.keys().next().value;
}

/** @param {Captions} captions @param {string} session @returns {Captions} */
function applyReady(captions, session) {
  const previous = captions.session;
  if (previous === session) return captions;
  if (previous === '') return { ...captions, session };
  const ended = closeWhere(captions.lines, (line) => line.session === previous);
  const gap = { seconds: null, reason: NOT_RESUMED, name: NOT_RESUMED };
  return { ...captions, session, lines: putGap(ended, session, gap) };
}

/** @param {Captions} captions @param {string} session @param {Gap} event @returns {Captions} */
function applyGap(captions, session, { from, to, reason, seq }) {
  // The server knows better than the marker that this side has set at `ready`: it replaces it.
  const gap = { seconds: to - from, reason, name: reason === NOT_RESUMED ? reason : seq };
  return { ...captions, lines: putGap(captions.lines, session, gap) };
}

/** @param {Captions} captions @param {string} session @param {Delta} event @returns {Captions} */
function applyDelta(captions, session, event) {
  const lines = updateLine(captions.lines, session, event, (line) => ({
    ...line,
    committed: event.text === '' ? line.committed : [...line.committed, event.text],
    tail: '',
  }));
  return { ...captions, lines };
}

/** @param {Captions} captions @param {string} session @param {Partial} event @returns {Captions} */
function applyPartial(captions, session, event) {
  const { text, revision } = event;
  const lines = updateLine(captions.lines, session, event, (line) =>
    revision <= line.revision ? line : { ...line, tail: text, revision },
  );
  return lines === captions.lines ? captions : { ...captions, lines };
}

/** @param {Captions} captions @param {string} session @param {Final} event @returns {Captions} */
function applyFinal(captions, session, event) {
  const lines = updateLine(captions.lines, session, event, (line) => ({
    ...extended(line, event.text),
    tail: '',
    language: event.language,
    closed: true,
  }));
  return { ...captions, lines };
}

/**
 * What a watcher sees first, and again after each reconnect: lines it has are completed, lines it
 * lacks are added, lines that the room no longer has open are closed.
 *
 * @param {Captions} captions
 * @param {Snapshot} snapshot
 * @returns {Captions}
 */
function applySnapshot(captions, { offset, finals, open_utterances }) {
  let next = { ...captions, offset };
  for (const final of finals) {
    const session = final.session ?? '';
    next = applyFinal(remember(next, session, { seq: final.seq }), session, final);
  }
  for (const open of open_utterances) {
    const lines = updateLine(next.lines, open.session, open, (line) => ({
      ...extended(line, open.text),
      tail: open.partial,
      revision: open.revision,
    }));
    next = { ...next, lines };
  }
  const stillOpen = new Set(open_utterances.map((open) => keyOf(open.session, open.utterance)));
  return { ...next, lines: closeWhere(next.lines, (line) => !stillOpen.has(line.key)) };
}
