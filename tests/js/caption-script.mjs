/** A pretended publisher: random but lawful events, as a server would send them. */
import { wholeBetween } from './random.mjs';

const WORDS = ['good', 'morning', 'everyone', 'and', 'welcome', 'to', 'Kyiv', 'снова', '再见'];

/**
 * Up to three utterances are open at a time, as when speech goes on before a final has returned.
 *
 * @param {() => number} random
 * @param {{events: number, session?: string}} options
 * @returns {any[]} events of one session; with `session`, as a watcher gets them
 */
export function lawfulEvents(random, { events, session }) {
  const open = new Map();
  const script = [];
  let seq = 0;
  let utterance = 0;
  const numbered = (event) => script.push({ ...event, seq: (seq += 1) });
  const words = () =>
    Array.from({ length: wholeBetween(random, 1, 4) }, () => {
      return WORDS[wholeBetween(random, 0, WORDS.length - 1)];
    }).join(' ');

  const begin = () => {
    utterance += 1;
    open.set(utterance, { text: '', revision: 0 });
    numbered({ type: 'utterance_started', utterance, start: utterance });
  };
  const actions = {
    delta(number, state) {
      const text = (state.text ? ' ' : '') + words();
      state.text += text;
      numbered({ type: 'delta', utterance: number, text, words: [] });
    },
    partial(number, state) {
      state.revision += 1;
      const text = random() < 0.1 ? '' : (state.text ? ' ' : '') + words();
      script.push({ type: 'partial', utterance: number, revision: state.revision, text });
    },
    final(number, state) {
      if (state.text === '') actions.delta(number, state);
      open.delete(number);
      const { text } = state;
      numbered({
        type: 'final', utterance: number, text, start: 0, end: 1, language: 'en', speaker: null,
        words: [],
      });
    },
    gap() {
      numbered({ type: 'gap', from: seq, to: seq + 1.5, reason: 'overload' });
    },
  };
  while (script.length < events) {
    if (open.size === 0 || (open.size < 3 && random() < 0.1)) begin();
    const numbers = [...open.keys()];
    const number = numbers[wholeBetween(random, 0, numbers.length - 1)];
    const kinds = ['delta', 'partial', 'partial', 'partial', 'delta', 'final', 'gap'];
    const kind = kinds[wholeBetween(random, 0, random() < 0.2 ? 6 : 4)];
    actions[kind](number, open.get(number));
  }
  return session ? script.map((event) => ({ ...event, session, room: 'main', speaker: null })) : script;
}
