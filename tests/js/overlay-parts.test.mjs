/** The small parts of the overlay: delay, what was shown before, OBS's own events, samples. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { applyEvent, NO_CAPTIONS } from '../../static/js/caption/caption-model.js';
import { textOf } from '../../static/js/caption/caption-lines.js';
import { DelayLine } from '../../static/js/overlay/delay-line.js';
import { followVisibility, isInsideObs } from '../../static/js/overlay/obs-browser.js';
import { keepObsSettings, obsAddress, readObsSettings } from '../../static/js/overlay/obs-settings.js';
import { sampleSteps } from '../../static/js/overlay/samples.js';
import { rememberShown, wasShownBefore } from '../../static/js/overlay/shown-before.js';
import { FakeClock } from './fake-clock.mjs';

afterEach(() => {
  delete globalThis.localStorage;
  delete globalThis.obsstudio;
});

function delayLine(delay) {
  const clock = new FakeClock();
  const heard = [];
  const line = new DelayLine((message) => heard.push([clock.now(), message]), clock);
  line.delay = delay;
  return { clock, heard, line };
}

test('without a delay nothing waits', () => {
  const { heard, line, clock } = delayLine(0);
  line.push('a');
  assert.deepEqual(heard, [[0, 'a']]);
  assert.equal(clock.pending, 0);
});

test('messages come later by the delay, each at its own time', () => {
  const { heard, line, clock } = delayLine(1000);
  line.push('a');
  clock.pass(400);
  line.push('b');
  clock.pass(2000);
  assert.deepEqual(heard, [[1000, 'a'], [1400, 'b']]);
  assert.equal(clock.pending, 0);
});

test('order is kept when the delay becomes shorter', () => {
  const { heard, line, clock } = delayLine(1000);
  line.push('a');
  line.delay = 0;
  line.push('b');
  assert.deepEqual(heard, []);
  clock.pass(1000);
  assert.deepEqual(heard.map(([, message]) => message), ['a', 'b']);
});

test('more than it can hold comes early, and what is forgotten never comes', () => {
  const { heard, line, clock } = delayLine(60_000);
  for (let i = 0; i < 5010; i += 1) line.push(i);
  assert.deepEqual(heard.map(([, message]) => message), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  line.clear();
  clock.pass(100_000);
  assert.equal(heard.length, 10);
});

function memory() {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
    removeItem: (name) => void kept.delete(name),
  };
  return kept;
}

const snapshot = (offset, open = []) => ({
  type: 'snapshot', room: 'main', offset, finals: [], open_utterances: open,
});

test('captions that had faded are not shown again, those that had not are', () => {
  memory();
  assert.equal(wasShownBefore('main', snapshot(7)), false);
  rememberShown('main', 7);
  assert.equal(wasShownBefore('main', snapshot(7)), true);
  assert.equal(wasShownBefore('main', snapshot(8)), false);
  assert.equal(wasShownBefore('other', snapshot(7)), false);
  assert.equal(wasShownBefore('main', snapshot(7, [{ session: 's', utterance: 1 }])), false);
});

test('where nothing can be kept everything is shown', () => {
  rememberShown('main', 7);
  assert.equal(wasShownBefore('main', snapshot(7)), false);
});

/** @param {EventTarget} obs @param {boolean} visible */
function setVisible(obs, visible) {
  obs.dispatchEvent(Object.assign(new Event('obsSourceVisibleChanged'), { detail: { visible } }));
}

test('a source that nobody sees leaves the room after a while, and comes back when it is seen', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const obs = new EventTarget();
  const log = [];
  followVisibility({ leave: () => log.push('leave'), comeBack: () => log.push('come back') }, obs);
  setVisible(obs, true);
  setVisible(obs, false);
  t.mock.timers.tick(4000);
  setVisible(obs, true);
  t.mock.timers.tick(60_000);
  assert.deepEqual(log, []);
  setVisible(obs, false);
  setVisible(obs, false);
  t.mock.timers.tick(5000);
  setVisible(obs, false);
  t.mock.timers.tick(60_000);
  setVisible(obs, true);
  setVisible(obs, true);
  assert.deepEqual(log, ['leave', 'come back']);
});

test('OBS is known by what it gives its pages', () => {
  assert.equal(isInsideObs(), false);
  globalThis.obsstudio = {};
  assert.equal(isInsideObs(), true);
});

test('how to reach OBS is kept in this browser, and checked when it is read', () => {
  assert.deepEqual(readObsSettings(), { port: 4455, password: '' });
  const kept = memory();
  keepObsSettings({ port: 4460, password: 'a “secret”' });
  assert.deepEqual(readObsSettings(), { port: 4460, password: 'a “secret”' });
  const [name] = kept.keys();
  for (const broken of ['', '{', 'null', '[]', '{"port":"99999999","password":7}', '{"port":"evil.example"}']) {
    kept.set(name, broken);
    assert.deepEqual(readObsSettings(), { port: 4455, password: '' }, broken);
  }
  assert.equal(obsAddress({ port: 4460, password: '' }), 'ws://127.0.0.1:4460');
});

test('samples are lawful events that say the sentences again and again', () => {
  const sentences = [{ speaker: 'Ada', text: 'One two three four five.' }, { speaker: 'Ben', text: 'Six.' }];
  const steps = sampleSteps(sentences, 9000);
  let captions = NO_CAPTIONS;
  let time = 0;
  for (let i = 0; i < 60; i += 1) {
    const { wait, event } = steps.next().value;
    captions = applyEvent(captions, event);
    time += wait;
  }
  const closed = captions.lines.filter((line) => line.kind === 'utterance' && line.closed);
  assert.ok(closed.length >= 4);
  closed.forEach((line, i) => {
    assert.equal(textOf(line), sentences[i % 2].text);
    assert.equal(line.speaker, sentences[i % 2].speaker);
  });
  assert.ok(time > 9000 && captions.lines.some((line) => line.kind === 'utterance' && line.tail === '') );
});
