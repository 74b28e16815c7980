// @ts-check
/**
 * When things were said: a line's place on its session's audio clock, and when that clock began.
 *
 * The audio clock stands still in pauses that were never sent. A page that follows live notices
 * them: what it hears then comes later than the clock says, and so does everything after. News can
 * also be late alone (a phone that slept gets minutes at once), but never early; so the clock moves
 * only by what this line and every later one are late. Pure; it must not know the page.
 */

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 *
 * @typedef {object} Span milliseconds from the beginning of the first session
 * @property {number} from
 * @property {number} to always after `from`
 */

/** A line that is later than this by the clock followed a pause; less is the network's doing. */
const PAUSE_MS = 3000;
/** Reading speed by which the end of an open line is guessed. */
const LETTERS_PER_S = 15;
const SHORTEST_MS = 1000;

/**
 * @param {readonly Line[]} lines in reading order
 * @returns {Map<string, number>} by key: milliseconds since the epoch at which the line began; lines
 *   of which that cannot be known are missing
 */
export function clockTimes(lines) {
  const pauses = pausesBefore(lines);
  const times = new Map();
  for (const { key, zero, start, at } of lines) {
    const pause = pauses.get(key) ?? 0;
    if (zero !== null && start !== null) times.set(key, zero + pause + 1000 * start);
    else if (at !== null) times.set(key, at);
  }
  return times;
}

/**
 * @param {readonly Line[]} lines in reading order
 * @returns {Map<string, Span>} by key, for subtitles; what has no place on the clock follows what was
 *   read before it
 */
export function spans(lines) {
  const times = clockTimes(lines);
  /** @type {number | null} the moment that is shown as zero */
  let origin = null;
  const result = new Map();
  let last = 0;
  for (const line of lines) {
    const time = times.get(line.key);
    let from = last;
    if (time !== undefined) {
      origin ??= last > 0 ? time - last : (line.zero ?? time);
      from = Math.max(0, time - origin);
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

/**
 * @param {readonly Line[]} lines in reading order
 * @returns {Map<string, number>} by key: for how many milliseconds the session's clock has stood still
 *   until this line; what was said before the page came is taken to be from after the pause
 */
function pausesBefore(lines) {
  /** @type {Map<string, Line[]>} */
  const bySession = new Map();
  for (const line of lines) {
    const same = bySession.get(line.session);
    if (same) same.push(line);
    else bySession.set(line.session, [line]);
  }
  const pauses = new Map();
  for (const same of bySession.values()) {
    let pause = 0;
    for (const [i, late] of lateness(same).entries()) {
      if (late !== Infinity && late - pause >= PAUSE_MS) pause = late;
      pauses.set(same[i].key, pause);
    }
  }
  return pauses;
}

/**
 * @param {readonly Line[]} lines of one session
 * @returns {number[]} the least by which this line and all later ones were late, in milliseconds
 */
function lateness(lines) {
  const least = new Array(lines.length);
  let bound = Infinity;
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    const { zero, start, at } = lines[i];
    if (zero !== null && start !== null && at !== null) bound = Math.min(bound, at - zero - 1000 * start);
    least[i] = bound;
  }
  return least;
}
