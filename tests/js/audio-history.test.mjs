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
        assert.equal(history.resume(from), true);
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

test('ninety seconds may wait unsent, then the oldest is lost and counted', () => {
  const history = new AudioHistory();
  const second = (value) => new Int16Array(SAMPLE_RATE).fill(value);
  for (let i = 0; i < 90; i += 1) assert.equal(history.append(second(i)), 0);
  assert.equal(history.append(second(90)), SAMPLE_RATE);
  assert.deepEqual([history.start, history.cursor, history.end], [1, 1, 91].map((s) => s * SAMPLE_RATE));
  assert.equal(history.take()?.[0], 1);
});

test('audio that was sent is forgotten without loss', () => {
  const history = new AudioHistory();
  for (let i = 0; i < 200; i += 1) {
    assert.equal(history.append(new Int16Array(SAMPLE_RATE)), 0);
    history.take();
  }
  assert.equal(history.resume(110 * SAMPLE_RATE), true);
  assert.equal(history.resume(110 * SAMPLE_RATE - 1), false);
});

test('what is captured next gets the index that the server asks for beyond the end', () => {
  const history = new AudioHistory(500);
  assert.deepEqual([history.start, history.cursor, history.end], [500, 500, 500]);
  assert.equal(history.resume(499), false);
  assert.equal(history.resume(700), true);
  history.append(counter()(10));
  assert.deepEqual([history.start, history.cursor, history.end], [700, 700, 710]);
  assert.deepEqual(takeAll(history), Array.from({ length: 10 }, (_, i) => i));
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
  assert.deepEqual([history.start, history.end], [0, 50]);
  assert.equal(history.resume(0), true);
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

test('a new session gets what is still held', () => {
  const history = new AudioHistory();
  for (let i = 0; i < 120; i += 1) {
    history.append(new Int16Array(SAMPLE_RATE).fill(i));
    history.take();
  }
  history.restart(5 * SAMPLE_RATE);
  assert.equal(history.unsent, 90 * SAMPLE_RATE);
  assert.equal(history.take()?.[0], 30);
});
