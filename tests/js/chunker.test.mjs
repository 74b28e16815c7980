import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CHUNK_SAMPLES, Chunker, toInt16 } from '../../static/js/audio/chunker.js';
import { meterPosition, MuteWatch } from '../../static/js/audio/level.js';
import { randomFrom, wholeBetween } from './random.mjs';

test('samples are clipped at full scale and never wrap around', () => {
  assert.deepEqual([-2, -1, -0.5, 0, 0.5, 1, 2].map(toInt16), [
    -32768, -32768, -16384, 0, 16384, 32767, 32767,
  ]);
});

test('chunks hold 100 ms each and together every sample, however they came', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomFrom(seed);
    const samples = new Float32Array(wholeBetween(random, 1, 8000)).map(() => random() - 0.5);
    const chunker = new Chunker();
    const chunks = [];
    for (let at = 0; at < samples.length; ) {
      const piece = samples.subarray(at, at + wholeBetween(random, 1, 300));
      chunker.push(piece, piece.length, (chunk) => chunks.push(chunk));
      at += piece.length;
    }
    const rest = chunker.flush();
    assert.ok(chunks.every((chunk) => chunk.samples.length === CHUNK_SAMPLES));
    if (rest) chunks.push(rest);
    const joined = chunks.flatMap((chunk) => [...chunk.samples]);
    assert.deepEqual(joined, [...samples].map(toInt16), `seed ${seed}`);
    assert.equal(chunker.flush(), null);
  }
});

test('only the valid part of a buffer counts', () => {
  const chunker = new Chunker();
  chunker.push(new Float32Array(100).fill(1), 10, assert.fail);
  assert.equal(chunker.flush()?.samples.length, 10);
});

test('a chunk owns its memory, so that handing it over takes nothing else along', () => {
  const chunker = new Chunker();
  const chunks = [];
  chunker.push(new Float32Array(2 * CHUNK_SAMPLES), 2 * CHUNK_SAMPLES, (chunk) => chunks.push(chunk));
  assert.equal(chunks.length, 2);
  assert.notEqual(chunks[0].samples.buffer, chunks[1].samples.buffer);
  assert.equal(chunks[0].samples.buffer.byteLength, 2 * CHUNK_SAMPLES);
});

test('loudness is the root mean square of the chunk alone', () => {
  const chunker = new Chunker();
  const chunks = [];
  const keep = (chunk) => chunks.push(chunk);
  chunker.push(new Float32Array(CHUNK_SAMPLES).fill(0.5), CHUNK_SAMPLES, keep);
  chunker.push(new Float32Array(CHUNK_SAMPLES), CHUNK_SAMPLES, keep);
  assert.deepEqual(chunks.map(({ rms }) => rms), [0.5, 0]);
});

test('the meter spans 60 dB and stays on its scale', () => {
  assert.equal(meterPosition(0), 0);
  assert.equal(meterPosition(1e-9), 0);
  assert.equal(meterPosition(1), 1);
  assert.equal(meterPosition(3), 1);
  assert.ok(Math.abs(meterPosition(10 ** (-30 / 20)) - 0.5) < 1e-9);
});

test('five seconds of zeros look muted, a quiet room and a pause do not', () => {
  const watch = new MuteWatch();
  for (let i = 0; i < 49; i += 1) assert.equal(watch.push(0), false);
  assert.equal(watch.push(0), true);
  assert.equal(watch.push(0.001), false);
  for (let i = 0; i < 200; i += 1) assert.equal(watch.push(0.0005), false);
});
