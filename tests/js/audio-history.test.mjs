import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AudioHistory, SAMPLE_RATE } from '../../static/js/net/audio-history.js';
import { randomFrom, wholeBetween } from './random.mjs';

/** Chunks whose samples count up, so that each sample names its place (modulo 2^15). */
function counter() {
  let next = 0;
  return (length) => Int16Array.from({ length }, () => next++ % 32768);
}

/** @param {AudioHistory} history */
function takeAll(history) {
  const taken = [];
  for (let part = history.take(); part; part = history.take()) taken.push(...part);
  return taken;
}

test('what is taken is what was appended, in order, whatever the sizes and rewinds', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = randomFrom(seed);
    const history = new AudioHistory();
    const chunk = counter();
    let end = 0;
    for (let i = 0; i < 60; i += 1) {
      const length = wholeBetween(random, 1, 700);
      history.append(chunk(length));
      end += length;
      if (random() < 0.3) {
        const from = wholeBetween(random, 0, end);
        assert.equal(history.rewind(from), true);
        const wanted = Array.from({ length: end - from }, (_, k) => (from + k) % 32768);
        assert.deepEqual(takeAll(history), wanted, `seed ${seed}`);
        assert.equal(history.cursor, end);
      }
    }
  }
});

test('an empty history has nothing to take', () => {
  const history = new AudioHistory();
  assert.equal(history.take(), null);
  assert.equal(history.unsent, 0);
});

test('a minute may wait unsent, then new audio is refused', () => {
  const history = new AudioHistory();
  const second = () => new Int16Array(SAMPLE_RATE);
  for (let i = 0; i < 60; i += 1) assert.equal(history.append(second()), true);
  assert.equal(history.append(new Int16Array(1)), false);
  assert.equal(history.unsent, 60 * SAMPLE_RATE);
  history.take();
  assert.equal(history.append(second()), true);
});

test('ninety seconds are held, older audio cannot be sent again', () => {
  const history = new AudioHistory();
  for (let i = 0; i < 200; i += 1) {
    history.append(new Int16Array(SAMPLE_RATE));
    history.take();
  }
  assert.equal(history.rewind(110 * SAMPLE_RATE), true);
  assert.equal(history.rewind(110 * SAMPLE_RATE - 1), false);
  assert.equal(history.rewind(200 * SAMPLE_RATE + 1), false);
});

test('a new session begins with what was not acknowledged', () => {
  const history = new AudioHistory();
  const chunk = counter();
  history.append(chunk(100));
  history.append(chunk(100));
  takeAll(history);
  history.restart(150);
  assert.equal(history.cursor, 0);
  assert.equal(history.unsent, 50);
  assert.deepEqual(takeAll(history), Array.from({ length: 50 }, (_, i) => 150 + i));
  assert.equal(history.rewind(0), true);
  assert.equal(history.rewind(51), false);
});

test('a server that acknowledged more than it was sent gets what was not sent', () => {
  const history = new AudioHistory();
  const chunk = counter();
  history.append(chunk(100));
  takeAll(history);
  history.append(chunk(20));
  history.restart(110);
  assert.deepEqual(takeAll(history), Array.from({ length: 20 }, (_, i) => 100 + i));
});

test('a new session is sent a minute at most, the newest', () => {
  const history = new AudioHistory();
  for (let i = 0; i < 80; i += 1) {
    history.append(new Int16Array(SAMPLE_RATE).fill(i));
    history.take();
  }
  history.restart(5 * SAMPLE_RATE);
  assert.equal(history.unsent, 60 * SAMPLE_RATE);
  assert.equal(history.take()?.[0], 20);
});
