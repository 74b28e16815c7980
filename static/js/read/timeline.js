// @ts-check
/**
 * When things were said, worked out from what a page knows: a line's place on its session's audio
 * clock, and the moment at which the page heard of it.
 *
 * The audio clock stands still in pauses that were never sent, and news can be late (a phone that
 * slept gets minutes at once) but never early. So the wall-clock time of a session's sample 0, as it
 * was for one line, is at most `at - start` of that line and of every later one: the least of these
 * is the estimate. Pure; it must not know the page.
 */

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 *
 * @typedef {object} Span milliseconds from the beginning of the first session
 * @property {number} from
 * @property {number} to always after `from`
 */

/** A difference smaller than this is the network's doing; a larger one was a pause. */
const JITTER_MS = 3000;
/** Reading speed by which the end of an open line is guessed. */
const LETTERS_PER_S = 15;
const SHORTEST_MS = 1000;

/**
 * @param {readonly Line[]} lines in reading order
 * @returns {Map<string, number>} by key: milliseconds since the epoch at which the line began; lines
 *   of which that cannot be known are missing
 */
export function clockTimes(lines) {
  const bases = sessionBases(lines);
  const times = new Map();
  for (const { key, start, at } of lines) {
    const base = bases.get(key);
    if (base !== undefined && start !== null) times.set(key, base + 1000 * start);
    else if (at !== null) times.set(key, at);
  }
  return times;
}

/**
 * @param {readonly Line[]} lines in reading order
 * @returns {Map<string, Span>} by key, for subtitles; what cannot be placed by the clock follows what
 *   was read before it, and what can be placed follows that
 */
export function spans(lines) {
  const times = clockTimes(lines);
  const bases = sessionBases(lines);
  /** @type {number | null} the moment that is shown as zero */
  let origin = null;
  /** @type {Map<string, number>} sample 0 of sessions that only their order places */
  const stacked = new Map();
  const result = new Map();
  let last = 0;
  for (const line of lines) {
    const time = times.get(line.key);
    let from = last;
    if (time !== undefined) {
      origin ??= last > 0 ? time - last : (bases.get(line.key) ?? time);
      from = Math.max(0, time - origin);
    } else if (line.start !== null) {
      const zero = stacked.get(line.session) ?? (last > 0 ? last - 1000 * line.start : 0);
      stacked.set(line.session, zero);
      from = Math.max(0, zero + 1000 * line.start);
    }
    result.set(line.key, { from, to: from + lengthMs(line) });
    last = Math.max(last, from + lengthMs(line));
  }
  return result;
}

/** @param {Line} line @returns {number} */
function lengthMs(line) {
  if (line.start !== null && line.end !== null) return Math.max(1, 1000 * (line.end - line.start));
  const letters = line.kind === 'gap' ? 0 : line.committed.join('').length;
  return Math.max(SHORTEST_MS, (1000 * letters) / LETTERS_PER_S);
}

/** @param {readonly Line[]} lines @returns {Map<string, number>} by key, of its session's sample 0 */
function sessionBases(lines) {
  /** @type {Map<string, Line[]>} */
  const bySession = new Map();
  for (const line of lines) {
    const same = bySession.get(line.session);
    if (same) same.push(line);
    else bySession.set(line.session, [line]);
  }
  const bases = new Map();
  for (const same of bySession.values()) {
    // From the end: the least of this line's and all later ones.
    const least = new Array(same.length);
    let bound = Infinity;
    for (let i = same.length - 1; i >= 0; i -= 1) {
      const { start, at } = same[i];
      if (start !== null && at !== null) bound = Math.min(bound, at - 1000 * start);
      least[i] = bound;
    }
    // What comes after the last live line belongs to its time; jitter does not move the clock.
    if (least[0] === Infinity) continue;
    let base = least[0];
    for (const [i, { key }] of same.entries()) {
      if (least[i] !== Infinity && least[i] - base >= JITTER_MS) base = least[i];
      bases.set(key, base);
    }
  }
  return bases;
}
