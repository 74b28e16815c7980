// @ts-check
/**
 * A pretended room for the settings' preview: two people who talk for ever, with tails that change,
 * as a real room does. Pure.
 */

/**
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 * @typedef {{wait: number, event: CaptionMessage}} Step what comes after how many milliseconds
 */

/** The speed of speech. */
const WORD_MS = 330;
/** Words that a tail is ahead of what is committed. */
const AHEAD = 3;

/**
 * @param {readonly {speaker: string, text: string}[]} sentences said in turn, again and again
 * @param {number} pauseMs after each round, long enough to see captions fade
 * @returns {Generator<Step, never>}
 */
export function* sampleSteps(sentences, pauseMs) {
  /** @type {Map<string, number>} */
  const seqs = new Map();
  let utterance = 0;
  for (;;) {
    for (const { speaker, text } of sentences) {
      utterance += 1;
      yield* spoken({ speaker, text, utterance }, seqs);
    }
    yield { wait: pauseMs, event: partial('pause', 'pause', (utterance += 1), 1, '') };
  }
}

/**
 * @param {string} session
 * @param {string} speaker
 * @param {number} utterance
 * @param {number} revision
 * @param {string} text
 * @returns {CaptionMessage}
 */
function partial(session, speaker, utterance, revision, text) {
  return { type: 'partial', session, speaker, utterance, revision, text };
}

/**
 * @param {{speaker: string, text: string, utterance: number}} sentence
 * @param {Map<string, number>} seqs of each voice
 * @returns {Generator<Step, void>}
 */
function* spoken({ speaker, text, utterance }, seqs) {
  const session = `sample ${speaker}`;
  const next = () => {
    seqs.set(session, (seqs.get(session) ?? 0) + 1);
    return seqs.get(session) ?? 0;
  };
  const words = text.match(/\s*\S+/gu) ?? [];
  for (let said = 1; said <= words.length + AHEAD - 1; said += 1) {
    const stands = said - AHEAD;
    if (stands >= 0 && stands < words.length) {
      const seq = next();
      yield { wait: 0, event: { type: 'delta', seq, session, speaker, utterance, text: words[stands] } };
    }
    const tail = words.slice(Math.max(0, stands + 1), said).join('');
    yield { wait: WORD_MS, event: partial(session, speaker, utterance, said, tail) };
  }
  const fields = { start: 0, end: 1, language: null, words: [] };
  yield { wait: WORD_MS, event: { type: 'final', seq: next(), session, speaker, utterance, text, ...fields } };
}
