import assert from 'node:assert/strict';
import { test } from 'node:test';

import { textOf } from '../../static/js/caption/caption-lines.js';
import {
  applyToOverlay, isQuiet, NO_OVERLAY, overlayLines,
} from '../../static/js/caption/overlay-model.js';
import { lawfulEvents } from './caption-script.mjs';
import { randomFrom } from './random.mjs';

const HOLD = 5000;

/** @param {[number, any][]} script at which millisecond comes what */
function play(script, hold = HOLD) {
  return script.reduce((overlay, [at, event]) => applyToOverlay(overlay, event, at, hold), NO_OVERLAY);
}

const final = (seq, utterance, text) => ({
  type: 'final', seq, utterance, text, start: 0, end: 1, language: 'en', speaker: null, words: [],
  session: 's_a', room: 'main', offset: seq,
});
const partial = (utterance, revision, text) => ({
  type: 'partial', utterance, revision, text, session: 's_a', room: 'main', speaker: null,
});
const shown = (overlay, count = 2) => overlayLines(overlay, count).map(textOf);

test('the last lines are shown, the older ones roll away', () => {
  const overlay = play([[0, final(1, 1, 'One.')], [10, final(2, 2, 'Two.')], [20, final(3, 3, 'Three.')]]);
  assert.deepEqual(shown(overlay), ['Two.', 'Three.']);
  assert.deepEqual(shown(overlay, 1), ['Three.']);
});

test('text is quiet when nothing new came for as long as it is held', () => {
  const overlay = play([[1000, final(1, 1, 'One.')]]);
  assert.equal(isQuiet(overlay, 5999, HOLD), false);
  assert.equal(isQuiet(overlay, 6000, HOLD), true);
  assert.equal(isQuiet(overlay, 1e9, 0), false);
});

test('events that change no text do not keep old text alive', () => {
  const script = [[0, partial(1, 1, 'One.')], [4000, partial(1, 2, 'One.')], [4500, final(1, 1, 'One.')],
    [4800, { type: 'utterance_started', seq: 2, utterance: 2, start: 1, session: 's_a', offset: 2 }]];
  assert.equal(isQuiet(play(script), 5000, HOLD), true);
});

test('lines that have faded do not come back when speech begins again', () => {
  const overlay = play([[0, final(1, 1, 'One.')], [100, final(2, 2, 'Two.')], [9000, partial(3, 1, 'Three')]]);
  assert.deepEqual(shown(overlay), ['Three']);
  assert.equal(isQuiet(overlay, 9001, HOLD), false);
});

test('an utterance that paused goes on whole', () => {
  const overlay = play([[0, partial(1, 1, 'Well')], [9000, partial(1, 2, 'Well then')]]);
  assert.deepEqual(shown(overlay), ['Well then']);
});

test('with hold 0 nothing ever fades', () => {
  const overlay = play([[0, final(1, 1, 'One.')], [1e7, partial(2, 1, 'Two')]], 0);
  assert.deepEqual(shown(overlay), ['One.', 'Two']);
});

test('a snapshot is shown, and repeated by a reconnect wakes nothing', () => {
  const snapshot = {
    type: 'snapshot', room: 'main', offset: 3, finals: [final(1, 1, 'One.'), final(2, 2, 'Two.')],
    open_utterances: [{ session: 's_a', speaker: null, utterance: 3, start: 2, text: 'Three', words: [],
      partial: ' is', revision: 1 }],
  };
  const overlay = play([[0, snapshot]]);
  assert.deepEqual(shown(overlay), ['Two.', 'Three is']);
  assert.equal(isQuiet(applyToOverlay(overlay, snapshot, 6000, HOLD), 6000, HOLD), true);
});

test('gaps and empty lines are not for an audience', () => {
  const gap = { type: 'gap', seq: 2, from: 1, to: 2, reason: 'overload', session: 's_a', offset: 2 };
  const overlay = play([[0, final(1, 1, 'One.')], [1, gap], [2, partial(3, 1, 'x')], [3, partial(3, 2, '')]]);
  assert.deepEqual(shown(overlay), ['One.']);
});

test('there are never more lines than asked for, and each has text', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = randomFrom(seed);
    let overlay = NO_OVERLAY;
    let now = 0;
    for (const event of lawfulEvents(random, { events: 200, session: 's_a' })) {
      now += random() * 4000;
      overlay = applyToOverlay(overlay, event, now, HOLD);
      const lines = overlayLines(overlay, 3);
      assert.ok(lines.length <= 3 && lines.every((line) => textOf(line) !== ''), `seed ${seed}`);
    }
  }
});
