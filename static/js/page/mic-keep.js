// @ts-check
/**
 * Captions and session of this tab, kept so that an accidental reload loses neither: the captions to
 * read on, the session to go on with while the server still holds it. The browser forgets both with
 * the tab. What is read back may be anything, so it is checked. It must not know the page's elements.
 */

/** A server keeps a session for 120 s; some of that goes by before the page is asked. */
export const GRACE_MS = 115_000;
const NAME = 'livecaption.session';
/** Browsers give a tab about five million characters; the newest lines are the ones to keep. */
const MOST_CHARACTERS = 1_000_000;

/**
 * @typedef {import('../caption/caption-model.js').Captions} Captions
 * @typedef {import('../caption/caption-lines.js').Line} Line
 * @typedef {import('../net/caption-socket.js').Checkpoint} Checkpoint
 *
 * @typedef {object} Kept
 * @property {Captions} captions
 * @property {Checkpoint | null} checkpoint null when there is no session to go on with
 * @property {number} keptAt milliseconds since the epoch
 */

/** @type {Record<string, (value: any) => boolean>} */
const IS = {
  text: (value) => typeof value === 'string',
  maybeText: (value) => value === null || typeof value === 'string',
  whole: (value) => Number.isSafeInteger(value) && value >= 0,
  maybeNumber: (value) => value === null || Number.isFinite(value),
  flag: (value) => typeof value === 'boolean',
  list: Array.isArray,
};

const MOMENT = {
  key: IS.text, session: IS.text, utterance: IS.whole, zero: IS.maybeNumber, start: IS.maybeNumber,
  at: IS.maybeNumber, end: IS.maybeNumber,
};
const UTTERANCE = {
  ...MOMENT, speaker: IS.maybeText, language: IS.maybeText, tail: IS.text, revision: IS.whole,
  closed: IS.flag, words: IS.list, committed: IS.list,
};
const GAP = { ...MOMENT, seconds: IS.maybeNumber, reason: IS.text };
const CHECKPOINT = { session: IS.text, resume_token: IS.text, last_seq: IS.whole, position: IS.whole };

/** @param {any} value @param {Record<string, (value: any) => boolean>} fields @returns {boolean} */
function fits(value, fields) {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([name, isRight]) => isRight(value[name]));
}

/** @param {any} line @returns {boolean} */
function isLine(line) {
  if (line?.kind === 'gap') return fits(line, GAP);
  if (line?.kind !== 'utterance' || !fits(line, UTTERANCE)) return false;
  const isWord = (/** @type {any} */ word) =>
    fits(word, { text: IS.text, start: Number.isFinite, end: Number.isFinite });
  return line.committed.every(IS.text) && line.words.every(isWord);
}

/** @param {any} value @returns {[string, number][] | null} */
function seqs(value) {
  const isPair = (/** @type {any} */ pair) => IS.list(pair) && IS.text(pair[0]) && IS.whole(pair[1]);
  return IS.list(value) && value.every(isPair) ? value : null;
}

/**
 * @param {string | null} text
 * @param {string} room
 * @returns {Kept | null} null when there is nothing to go on with in this room
 */
export function checkedKept(text, room) {
  let found;
  try {
    found = JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
  if (!fits(found, { room: IS.text, session: IS.text, keptAt: IS.whole, lines: IS.list })) return null;
  const lastSeq = seqs(found.lastSeq);
  // A page of an earlier version did not know when its session began.
  const lines = found.lines.map((/** @type {any} */ line) => ({ zero: null, ...line }));
  if (found.room !== room || lastSeq === null || !lines.every(isLine)) return null;
  const zero = Number.isFinite(found.zero) ? found.zero : null;
  const { session } = found;
  const captions = { lines, session, zero, lastSeq: new Map(lastSeq), begun: new Map(), offset: -1 };
  const checkpoint = fits(found.checkpoint, CHECKPOINT) ? found.checkpoint : null;
  return { captions, checkpoint, keptAt: found.keptAt };
}

/** @returns {Storage | null} null where the browser forbids it, which it does by throwing */
function storage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

export class SessionKeeper {
  #room;
  /** Lines are never changed in place: what was written once need not be written anew. */
  #written = /** @type {WeakMap<Line, string>} */ (new WeakMap());

  /** @param {string} room */
  constructor(room) {
    this.#room = room;
  }

  /** @returns {Kept | null} */
  read() {
    try {
      return checkedKept(storage()?.getItem(NAME) ?? null, this.#room);
    } catch {
      return null;
    }
  }

  /** @param {Kept} kept in place of what was kept before */
  keep({ captions: { lines, session, zero, lastSeq }, checkpoint, keptAt }) {
    const head = JSON.stringify({
      room: this.#room, session, zero, keptAt, checkpoint, lastSeq: [...lastSeq].slice(-16),
    });
    try {
      storage()?.setItem(NAME, `${head.slice(0, -1)},"lines":[${this.#newest(lines).join(',')}]}`);
    } catch {
      // Full or forbidden: a reload would lose the captions, as if nothing could be kept.
    }
  }

  forget() {
    try {
      storage()?.removeItem(NAME);
    } catch {
      // What cannot be reached cannot be forgotten, and was never kept.
    }
  }

  /** @param {readonly Line[]} lines @returns {string[]} the newest, as JSON */
  #newest(lines) {
    const texts = [];
    let room = MOST_CHARACTERS;
    for (const line of [...lines].reverse()) {
      const text = this.#written.get(line) ?? JSON.stringify(line);
      this.#written.set(line, text);
      room -= text.length;
      if (room < 0) break;
      texts.unshift(text);
    }
    return texts;
  }
}
