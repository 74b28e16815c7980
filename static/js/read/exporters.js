// @ts-check
/**
 * The captions of a page as files: plain text, SubRip and WebVTT. They hold what is committed at
 * this moment; words that may still change are left out. Pure; it must not know the page.
 */
import { gapWords } from '../caption/gap-words.js';
import { brokenLines, LINES_PER_CUE } from './cue-lines.js';
import { clockTimes, spans } from './timeline.js';

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 * @typedef {import('../caption/caption-lines.js').UtteranceLine} UtteranceLine
 *
 * @typedef {object} Cue what is on the screen at one time
 * @property {number} from milliseconds
 * @property {number} to always after `from`
 * @property {string | null} speaker
 * @property {string[]} lines one or two, none empty
 */

/** @param {Line} line @returns {string} its committed text in one line; "" when there is none yet */
function textToExport(line) {
  const text = line.kind === 'gap' ? `[${gapWords(line)}]` : line.committed.join('');
  // Control characters would end a line or a cue.
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** @param {Line} line */
const speakerOf = (line) => (line.kind === 'gap' ? null : oneLine(line.speaker));

/** @param {string | null} name */
const oneLine = (name) => name?.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim() || null;

/**
 * @param {readonly Line[]} lines
 * @param {{times: boolean, speakers: boolean, clock: (ms: number) => string}} options `clock` writes a
 *   moment, given in milliseconds since the epoch
 * @returns {string} one line for each utterance or gap; a speaker is named where the voice changes
 */
export function toText(lines, { times, speakers, clock }) {
  const moments = times ? clockTimes(lines) : new Map();
  let previous = /** @type {string | null} */ (null);
  let result = '';
  for (const line of lines) {
    const text = textToExport(line);
    if (text === '') continue;
    const speaker = speakerOf(line);
    const isNewVoice = speakers && speaker !== null && speaker !== previous;
    const moment = moments.get(line.key);
    const stamp = moment === undefined ? '' : `[${clock(moment)}] `;
    result += `${stamp}${isNewVoice ? `${speaker}: ` : ''}${text}\n`;
    if (line.kind === 'utterance') previous = speaker;
  }
  return result;
}

/** @param {readonly Line[]} lines @returns {string} SubRip; empty when there are no words */
export function toSrt(lines) {
  return cues(lines)
    .map(({ from, to, speaker, lines: shown }, i) => {
      const text = (speaker ? `${speaker}: ` : '') + shown.join('\n');
      // The format has no escapes: an arrow would read as a line of times.
      return `${i + 1}\n${clockOf(from, ',')} --> ${clockOf(to, ',')}\n${text.replaceAll('-->', '->')}\n`;
    })
    .join('\n');
}

/** @param {readonly Line[]} lines @returns {string} WebVTT, valid also without words */
export function toVtt(lines) {
  const blocks = cues(lines).map(({ from, to, speaker, lines: shown }) => {
    const text = escaped(shown.join('\n'));
    const voice = speaker ? `<v ${escaped(speaker)}>${text}</v>` : text;
    return `${clockOf(from, '.')} --> ${clockOf(to, '.')}\n${voice}\n`;
  });
  return ['WEBVTT\n', ...blocks].join('\n');
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** @param {readonly Line[]} lines @returns {Cue[]} in the order of their beginnings */
export function cues(lines) {
  const places = spans(lines);
  return lines
    .flatMap((line) => cuesOf(line, /** @type {import('./timeline.js').Span} */ (places.get(line.key))))
    .sort((one, other) => one.from - other.from);
}

/** @param {Line} line @param {import('./timeline.js').Span} span @returns {Cue[]} */
function cuesOf(line, span) {
  const broken = brokenLines(textToExport(line));
  const total = lettersIn(broken);
  const result = [];
  for (let first = 0; first < broken.length; first += LINES_PER_CUE) {
    const shown = broken.slice(first, first + LINES_PER_CUE);
    const before = lettersIn(broken.slice(0, first));
    const [from, to] = timesOf(line, span, before, lettersIn(shown), total);
    result.push({ from, to: Math.max(from + 1, to), speaker: speakerOf(line), lines: shown });
  }
  return result;
}

/** @param {readonly string[]} lines @returns {number} */
const lettersIn = (lines) => lines.join('').replaceAll(' ', '').length;

/**
 * When some letters of a line were said: the words tell it, and without words speech is even.
 *
 * @param {Line} line
 * @param {import('./timeline.js').Span} span
 * @param {number} before letters in front of them
 * @param {number} count
 * @param {number} total letters of the line
 * @returns {[number, number]} milliseconds
 */
function timesOf(line, { from, to }, before, count, total) {
  const words = line.kind === 'gap' || line.start === null ? [] : line.words;
  const owners = words.flatMap((word) => Array(lettersIn([word.text.replace(/\s+/gu, '')])).fill(word));
  if (owners.length === total && count < total) {
    const zero = from - 1000 * /** @type {number} */ (line.start);
    const begin = before === 0 ? from : zero + 1000 * owners[before].start;
    const end = before + count === total ? to : zero + 1000 * owners[before + count - 1].end;
    return [Math.round(begin), Math.round(end)];
  }
  const perLetter = (to - from) / total;
  return [Math.round(from + perLetter * before), Math.round(from + perLetter * (before + count))];
}

/** @param {number} ms 0 or more @param {string} mark before the milliseconds @returns {string} */
function clockOf(ms, mark) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const rest = String(ms % 1000).padStart(3, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${mark}${rest}`;
}
