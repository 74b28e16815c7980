import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columns } from '../../static/js/overlay/pieces.js';
import { StreamCaptions } from '../../static/js/overlay/stream-captions.js';
import { randomFrom, wholeBetween } from './random.mjs';

let seq = 0;
const delta = (text, fields = {}) => ({
  type: 'delta', seq: (seq += 1), utterance: 1, text, session: 's_a', speaker: null, ...fields,
});

test('committed words go out, partials never', () => {
  const captions = new StreamCaptions();
  captions.receive({ type: 'partial', utterance: 1, revision: 1, text: 'Good mourning', session: 's_a' }, 0);
  assert.equal(captions.due(0), null);
  assert.equal(captions.dueAt, Infinity);
  captions.receive(delta('Good morning'), 0);
  assert.equal(captions.due(0), 'Good morning');
  assert.equal(captions.due(9000), null);
});

test('no more than one text a second', () => {
  const captions = new StreamCaptions();
  captions.receive(delta('One'), 100);
  assert.equal(captions.due(100), 'One');
  captions.receive(delta(' two'), 200);
  assert.equal(captions.due(200), null);
  assert.equal(captions.dueAt, 1100);
  captions.receive(delta(' three'), 900);
  assert.equal(captions.due(1100), 'One two three');
});

test('the last two lines of 32 characters are sent, rolled up', () => {
  const captions = new StreamCaptions();
  captions.receive(delta('Good morning everyone and welcome to the planning review of this week.'), 0);
  assert.equal(captions.due(0), 'welcome to the planning review\nof this week.');
});

test('after a pause the next words begin afresh', () => {
  const captions = new StreamCaptions();
  captions.receive(delta('Thank you.'), 0);
  captions.due(0);
  captions.receive(delta('Next item.', { utterance: 2 }), 1500);
  assert.equal(captions.due(1500), 'Thank you. Next item.');
  captions.receive(delta('And now?', { utterance: 3 }), 4000);
  assert.equal(captions.due(4000), 'And now?');
});

test('another speaker is named', () => {
  const captions = new StreamCaptions();
  captions.receive(delta('Hello.', { speaker: 'Ada' }), 0);
  captions.receive(delta('Hi.', { session: 's_b', speaker: 'Ben' }), 10);
  captions.receive(delta(' Well.', { session: 's_b', speaker: 'Ben' }), 20);
  assert.equal(captions.due(20), 'Ada: Hello. Ben: Hi. Well.');
});

test('whatever is said, texts fit, and each ends with the last word', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = randomFrom(seed);
    const captions = new StreamCaptions();
    let now = 0;
    for (let i = 0; i < 60; i += 1) {
      const word = 'abcdefghijklmnopqrstuvwxyz日本語'.slice(0, wholeBetween(random, 1, 29));
      captions.receive(delta(` ${word}`), now);
      const text = captions.due(now);
      if (text !== null) {
        const lines = text.split('\n');
        assert.ok(lines.length <= 2 && lines.every((line) => columns(line) <= 32), `seed ${seed}: ${text}`);
        assert.ok(text.replaceAll('\n', '').endsWith(word.slice(-3)), `seed ${seed}: ${text}`);
      }
      now += random() * 1500;
    }
  }
});
