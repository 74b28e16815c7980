// @ts-check
/**
 * Lines of captions and the few ways they change. A line is never changed in place: one that is
 * the same object shows the same text, which is what lets a page redraw only what is new.
 *
 * It must not know the wire's events; `caption-model.js` says what those mean.
 */

/**
 * @typedef {import('../net/protocol.js').Word} Word
 *
 * @typedef {object} Moment when something was said, as far as it is known
 * @property {number | null} zero sample 0 of the session's audio clock, milliseconds since the epoch
 * @property {number | null} start seconds on the session's audio clock
 * @property {number | null} at when this page first heard of it, milliseconds since the epoch; null
 *   for what was said before the page came
 *
 * @typedef {object} UtteranceOnly
 * @property {"utterance"} kind
 * @property {string} key unique and stable
 * @property {string} session
 * @property {number} utterance
 * @property {string | null} speaker
 * @property {string | null} language until the line is closed, that of the session's line before
 * @property {number | null} end seconds; known once the line is closed
 * @property {readonly Word[]} words with their times; none before the line is closed
 * @property {readonly string[]} committed pieces in the order they came; never changed, only added
 * @property {string} tail words that may still change
 * @property {number} revision of the tail
 * @property {boolean} closed
 * @typedef {UtteranceOnly & Moment} UtteranceLine
 *
 * @typedef {object} GapOnly
 * @property {"gap"} kind
 * @property {string} key
 * @property {string} session
 * @property {number} utterance it follows this one
 * @property {number | null} seconds how much audio is missing; null when that is unknown
 * @property {string} reason
 * @property {number | null} end seconds on the session's audio clock
 * @typedef {GapOnly & Moment} GapLine
 *
 * @typedef {UtteranceLine | GapLine} Line
 */

/** Lines kept; older ones are in the transcript. A day of speech is about ten times as much. */
export const MAX_LINES = 2000;

/** @param {Line} line @returns {string} all its text; "" for a gap */
export function textOf(line) {
  return line.kind === 'gap' ? '' : line.committed.join('') + line.tail;
}

/**
 * Adds what is missing of a text of which the line may have shown the beginning already. Shown
 * text stands: a text that does not continue it cannot replace it.
 *
 * @param {UtteranceLine} line
 * @param {string} text
 * @returns {UtteranceLine}
 */
export function extended(line, text) {
  const shown = line.committed.join('');
  if (text.length <= shown.length || !text.startsWith(shown)) return line;
  return { ...line, committed: [...line.committed, text.slice(shown.length)] };
}

/** @param {string} session @param {number} utterance @returns {string} */
export function keyOf(session, utterance) {
  return `${session}/${utterance}`;
}

/**
 * Closes lines that will hear no more; a tail that nobody will commit goes with it.
 *
 * @param {readonly Line[]} lines
 * @param {(line: UtteranceLine) => boolean} ends
 * @returns {readonly Line[]} the same array when none was open
 */
export function closeWhere(lines, ends) {
  const isEnding = (/** @type {Line} */ line) =>
    line.kind === 'utterance' && !line.closed && ends(line);
  if (!lines.some(isEnding)) return lines;
  return lines.map((line) =>
    line.kind === 'utterance' && isEnding(line) ? { ...line, tail: '', closed: true } : line,
  );
}

/**
 * Changes one utterance's line, or begins it when the change gives it text.
 *
 * @param {readonly Line[]} lines
 * @param {string} session
 * @param {{utterance: number, speaker?: string | null} & Partial<Moment>} event the moment is for a
 *   line that begins with it
 * @param {(line: UtteranceLine) => UtteranceLine} change never called for a closed line
 * @returns {readonly Line[]} the same array when nothing changed
 */
export function updateLine(lines, session, event, change) {
  const key = keyOf(session, event.utterance);
  // Lines that still change are at the end: looking from there finds them at once.
  const at = lines.findLastIndex((line) => line.key === key);
  if (at < 0) {
    const fresh = change(newLine(lines, session, event));
    return textOf(fresh) === '' ? lines : insert(lines, fresh);
  }
  const line = lines[at];
  if (line.kind !== 'utterance' || line.closed) return lines;
  const changed = change(line);
  return changed === line ? lines : replaced(lines, at, 1, changed);
}

/**
 * @param {readonly Line[]} lines
 * @param {string} session
 * @param {Parameters<typeof updateLine>[2]} event
 * @returns {UtteranceLine}
 */
function newLine(lines, session, { utterance, speaker, zero, start, at }) {
  return {
    kind: 'utterance', key: keyOf(session, utterance), session, utterance, speaker: speaker ?? null,
    language: lastLanguage(lines, session), zero: zero ?? null, start: start ?? null, at: at ?? null,
    end: null, words: [], committed: [], tail: '', revision: 0, closed: false,
  };
}

/** @param {readonly Line[]} lines @param {string} session @returns {string | null} */
function lastLanguage(lines, session) {
  const last = lines.findLast((line) => line.kind === 'utterance' && line.session === session);
  return last?.kind === 'utterance' ? last.language : null;
}

/**
 * Marks missing captions after everything its session has said so far, or corrects that mark.
 *
 * @param {readonly Line[]} lines
 * @param {string} session
 * @param {{from: number, to: number} | null} span seconds; null when it is unknown
 * @param {{reason: string, name: string | number, at: number | null, zero?: number | null}} gap the
 *   same name within a session is the same gap
 * @returns {readonly Line[]}
 */
export function putGap(lines, session, span, { reason, name, at, zero }) {
  const key = `${session}/gap/${name}`;
  const place = lines.findLastIndex((line) => line.key === key);
  const before = lines[place] ?? lines.findLast((line) => line.session === session);
  /** @type {GapLine} */
  const gap = {
    kind: 'gap', key, session, utterance: before?.utterance ?? 0, reason, at, zero: zero ?? null,
    seconds: span && span.to - span.from, start: span?.from ?? null, end: span?.to ?? null,
  };
  return place < 0 ? insert(lines, gap) : replaced(lines, place, 1, gap);
}

/**
 * Puts a line before the first one of its session that has a higher number, else at the end.
 *
 * @param {readonly Line[]} lines
 * @param {Line} line
 * @returns {readonly Line[]}
 */
function insert(lines, line) {
  let at = lines.length;
  for (let i = at - 1; i >= 0; i -= 1) {
    if (lines[i].session !== line.session) continue;
    if (lines[i].utterance <= line.utterance) break;
    at = i;
  }
  return replaced(lines, at, 0, line).slice(-MAX_LINES);
}

/**
 * A changed copy. Written out because the browser inside OBS may be too old for `toSpliced`.
 *
 * @param {readonly Line[]} lines
 * @param {number} at
 * @param {number} count lines to take out there
 * @param {Line} line to put in their place
 */
function replaced(lines, at, count, line) {
  return [...lines.slice(0, at), line, ...lines.slice(at + count)];
}
