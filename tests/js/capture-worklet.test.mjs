/** The audio thread without a browser: the few globals it needs, given by the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

const QUANTUM = 128;
const RATE = 44_100;
const registered = new Map();

globalThis.sampleRate = RATE;
globalThis.registerProcessor = (name, processor) => registered.set(name, processor);
globalThis.AudioWorkletProcessor = class {
  port = {
    onmessage: null,
    posted: [],
    postMessage(message, transfer = []) {
      this.posted.push({ message, transfer });
    },
  };
};
await import('../../static/js/audio/capture-worklet.js');

function processor() {
  const made = new (registered.get('livecaption-capture'))();
  return {
    process: (...channels) => made.process([channels]),
    flush: () => made.port.onmessage({ data: { type: 'flush' } }),
    posted: made.port.posted,
    chunks: () => made.port.posted.map(({ message }) => message).filter(({ type }) => type === 'chunk'),
  };
}

/** @param {number} value */
const constant = (value) => new Float32Array(QUANTUM).fill(value);

test('two seconds become twenty chunks of 100 ms and nothing is left behind', () => {
  const { process, flush, posted, chunks } = processor();
  const quanta = Math.floor((2 * RATE) / QUANTUM);
  for (let i = 0; i < quanta; i += 1) assert.equal(process(constant(0.25)), true);
  assert.ok(chunks().every(({ samples }) => samples.length === 1600));
  flush();
  const total = chunks().reduce((sum, { samples }) => sum + samples.length, 0);
  assert.equal(total, Math.ceil((quanta * QUANTUM * 16_000) / RATE));
  assert.deepEqual(posted.at(-1).message, { type: 'flushed' });
  assert.equal(process(constant(0)), false, 'it is finished');
});

test('channels are averaged', () => {
  const { process, chunks } = processor();
  for (let i = 0; i < 100; i += 1) process(constant(0.5), constant(0));
  const [, { samples, rms }] = chunks();
  assert.ok(samples.every((sample) => Math.abs(sample - 0.25 * 32768) <= 1));
  assert.ok(Math.abs(rms - 0.25) < 1e-3);
});

test('chunks are handed over, not copied', () => {
  const { process, posted } = processor();
  for (let i = 0; i < 100; i += 1) process(constant(0));
  for (const { message, transfer } of posted) assert.deepEqual(transfer, [message.samples.buffer]);
});

test('a microphone that gives nothing moves no clock', () => {
  const { process, flush, chunks } = processor();
  for (let i = 0; i < 1000; i += 1) assert.equal(process(), true);
  flush();
  assert.deepEqual(chunks(), []);
});

test('a larger quantum than usual is taken too', () => {
  const { process, flush, chunks } = processor();
  for (let i = 0; i < 10; i += 1) process(new Float32Array(4096), new Float32Array(4096));
  flush();
  const total = chunks().reduce((sum, { samples }) => sum + samples.length, 0);
  assert.equal(total, Math.ceil((40_960 * 16_000) / RATE));
});
