/** What a reload leaves: it comes back whole, bounded, or not at all. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { textOf } from '../../static/js/caption/caption-lines.js';
import { applyEvent, NO_CAPTIONS } from '../../static/js/caption/caption-model.js';
import { checkedKept, SessionKeeper } from '../../static/js/page/mic-keep.js';
import { ready } from './fake-network.mjs';

const CHECKPOINT = { session: 's_1', resume_token: 'rt_1', last_seq: 3, position: 32_000 };

/** Stands for the browser's storage of a tab. */
class TabStorage {
  texts = new Map();
  limit = Infinity;

  getItem(name) {
    return this.texts.get(name) ?? null;
  }

  setItem(name, text) {
    if (text.length > this.limit) throw new Error('QuotaExceededError');
    this.texts.set(name, text);
  }

  removeItem(name) {
    this.texts.delete(name);
  }
}

afterEach(() => delete globalThis.sessionStorage);

const captionsAfter = (...events) =>
  events.reduce((captions, event) => applyEvent(captions, event, 1_700_000_000_000), NO_CAPTIONS);

const TALK = captionsAfter(
  ready(),
  { type: 'final', seq: 1, utterance: 1, text: 'Good morning.', language: 'en', start: 0, end: 1, words: [{ text: 'Good', start: 0, end: 0.4, probability: 0.9 }] },
  { type: 'gap', seq: 2, from: 1, to: 2.5, reason: 'overload' },
  { type: 'delta', seq: 3, utterance: 2, text: 'And now', words: [] },
  { type: 'partial', utterance: 2, revision: 4, text: ' some' },
);

function keeping() {
  globalThis.sessionStorage = new TabStorage();
  return new SessionKeeper('hall');
}

test('captions and session come back as they were, and replayed events count once', () => {
  const keeper = keeping();
  keeper.keep({ captions: TALK, checkpoint: CHECKPOINT, keptAt: 1000 });
  const kept = keeper.read();
  assert.deepEqual(kept?.checkpoint, CHECKPOINT);
  assert.equal(kept?.keptAt, 1000);
  assert.deepEqual(kept?.captions.lines, TALK.lines);
  assert.equal(kept?.captions.zero, Date.parse(ready().started_at));
  const again = [
    ready({ resumed: true, resume_from: 32_000 }),
    { type: 'delta', seq: 3, utterance: 2, text: 'And now', words: [] },
    { type: 'delta', seq: 4, utterance: 2, text: ' some words.', words: [] },
  ].reduce((captions, event) => applyEvent(captions, event), kept.captions);
  assert.deepEqual(again.lines.map(textOf), ['Good morning.', '', 'And now some words.']);
});

test('another room has nothing of it', () => {
  const keeper = keeping();
  keeper.keep({ captions: TALK, checkpoint: CHECKPOINT, keptAt: 1000 });
  assert.equal(new SessionKeeper('other').read(), null);
  keeper.forget();
  assert.equal(keeper.read(), null);
});

test('a day of captions is kept from its end, within a bound', () => {
  const keeper = keeping();
  let captions = captionsAfter(ready());
  for (let i = 1; i <= 1500; i += 1) {
    captions = applyEvent(captions, { type: 'final', seq: i, utterance: i, text: `${i} ${'x'.repeat(1000)}`, language: 'en' }, 1);
  }
  keeper.keep({ captions, checkpoint: CHECKPOINT, keptAt: 1 });
  const [text] = [...globalThis.sessionStorage.texts.values()];
  assert.ok(text.length < 1_010_000, `${text.length}`);
  const { lines } = keeper.read().captions;
  assert.ok(lines.length > 600);
  assert.equal(lines.at(-1).utterance, 1500);
});

test('where nothing can be kept, nothing breaks', () => {
  const keeper = new SessionKeeper('hall');
  keeper.keep({ captions: TALK, checkpoint: null, keptAt: 1 });
  keeper.forget();
  assert.equal(keeper.read(), null);
  globalThis.sessionStorage = new TabStorage();
  globalThis.sessionStorage.limit = 10;
  keeper.keep({ captions: TALK, checkpoint: null, keptAt: 1 });
  assert.equal(keeper.read(), null);
  Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, get: () => { throw new Error('SecurityError'); } });
  keeper.keep({ captions: TALK, checkpoint: null, keptAt: 1 });
  assert.equal(keeper.read(), null);
});

test('what is not what this page wrote is not read', () => {
  const keeper = keeping();
  keeper.keep({ captions: TALK, checkpoint: CHECKPOINT, keptAt: 1000 });
  const good = JSON.parse([...globalThis.sessionStorage.texts.values()][0]);
  assert.ok(checkedKept(JSON.stringify(good), 'hall'));
  const [utterance, gap] = good.lines;
  for (const wrong of [
    null, '{', '[]', '7', '{"room":"hall"}',
    { ...good, lines: [{ ...utterance, committed: [1] }] },
    { ...good, lines: [{ ...utterance, words: ['Good'] }] },
    { ...good, lines: [{ ...utterance, kind: 'img' }] },
    { ...good, lines: [{ ...gap, reason: null }] },
    { ...good, lines: [null] },
    { ...good, lastSeq: [['s_1', -1]] },
    { ...good, lastSeq: 'x' },
    { ...good, keptAt: 'now' },
  ]) {
    const text = typeof wrong === 'string' || wrong === null ? wrong : JSON.stringify(wrong);
    assert.equal(checkedKept(text, 'hall'), null, String(text).slice(0, 80));
  }
  const spoiled = { ...good, checkpoint: { ...CHECKPOINT, position: -1 } };
  assert.equal(checkedKept(JSON.stringify(spoiled), 'hall')?.checkpoint, null, 'the captions are worth having');
});
