import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Resampler } from '../../static/js/audio/resampler.js';
import { randomFrom, wholeBetween } from './random.mjs';

const TO = 16000;
const RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000];

/** @param {number} rate @param {number} hertz @param {number} seconds */
function tone(rate, hertz, seconds) {
  const samples = new Float32Array(Math.round(rate * seconds));
  return samples.map((_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate));
}

/** @param {number} rate @param {Float32Array[]} pieces @param {number} to */
function resample(rate, pieces, to = TO) {
  const resampler = new Resampler(rate, to);
  const out = [];
  for (const piece of pieces) {
    const room = new Float32Array(resampler.capacityFor(piece.length));
    out.push(room.subarray(0, resampler.push(piece, room)));
  }
  const room = new Float32Array(resampler.capacityFor(0));
  out.push(room.subarray(0, resampler.flush(room)));
  return Float32Array.from(out.flatMap((part) => [...part]));
}

/** @param {Float32Array} samples @param {number} from @param {number} to */
function rms(samples, from, to) {
  let energy = 0;
  for (let i = from; i < to; i += 1) energy += samples[i] ** 2;
  return Math.sqrt(energy / (to - from));
}

/** @param {Float32Array} samples @param {() => number} random @param {number} longest */
function cut(samples, random, longest) {
  const pieces = [];
  for (let at = 0; at < samples.length; ) {
    const length = wholeBetween(random, 0, longest);
    pieces.push(samples.slice(at, at + length));
    at += length;
  }
  return pieces;
}

for (const rate of RATES) {
  test(`a 1 kHz tone at ${rate} Hz keeps its shape, place and loudness`, () => {
    const heard = resample(rate, [tone(rate, 1000, 0.5)]);
    const wanted = tone(TO, 1000, 0.5);
    // Away from the two ends, where the tone begins and stops at once, it is the same signal.
    const error = heard.map((sample, i) => sample - (wanted[i] ?? 0));
    const decibels = 20 * Math.log10(rms(error, 400, 7600) / rms(wanted, 400, 7600));
    assert.ok(decibels < -70, `error ${decibels.toFixed(1)} dB`);
  });

  test(`N samples at ${rate} Hz give exactly ceil(N * 16000 / rate)`, () => {
    const random = randomFrom(rate);
    for (let i = 0; i < 12; i += 1) {
      const length = wholeBetween(random, 0, 9000);
      const heard = resample(rate, cut(new Float32Array(length), random, 500));
      assert.equal(heard.length, Math.ceil((length * TO) / rate), `${length} samples`);
    }
  });

  test(`cutting audio at ${rate} Hz in any way changes no bit`, () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = randomFrom(seed);
      const samples = new Float32Array(6000).map(() => random() * 2 - 1);
      const whole = resample(rate, [samples]);
      const pieces = resample(rate, cut(samples, random, seed * 40));
      assert.deepEqual(pieces, whole, `seed ${seed}`);
    }
  });
}

for (const [rate, hertz] of [[22050, 9000], [44100, 9000], [48000, 8500], [48000, 15000], [48000, 23000], [192000, 40000]]) {
  test(`${hertz} Hz at ${rate} Hz does not fold back into speech`, () => {
    const input = tone(rate, hertz, 0.5);
    const heard = resample(rate, [input]);
    const decibels = 20 * Math.log10(rms(heard, 400, 7600) / rms(input, 0, input.length));
    assert.ok(decibels < -50, `alias at ${decibels.toFixed(1)} dB`);
  });
}

test('speech up to 6.8 kHz passes without loss', () => {
  for (const hertz of [100, 300, 3400, 6000, 6800]) {
    const heard = resample(48000, [tone(48000, hertz, 0.5)]);
    const decibels = 20 * Math.log10(rms(heard, 400, 7600) / (0.5 / Math.SQRT2));
    assert.ok(Math.abs(decibels) < 0.2, `${hertz} Hz: ${decibels.toFixed(2)} dB`);
  }
});

test('raising the rate adds no images above the old limit', () => {
  const heard = resample(8000, [tone(8000, 3000, 0.5)]);
  // The image of 3 kHz would lie at 5 kHz: measure what is there.
  let [real, imaginary] = [0, 0];
  for (let i = 400; i < 7600; i += 1) {
    real += heard[i] * Math.cos((2 * Math.PI * 5000 * i) / TO);
    imaginary += heard[i] * Math.sin((2 * Math.PI * 5000 * i) / TO);
  }
  const decibels = 20 * Math.log10((2 * Math.hypot(real, imaginary)) / 7200 / 0.5);
  assert.ok(decibels < -50, `image at ${decibels.toFixed(1)} dB`);
});

test('a constant stays that constant at every phase', () => {
  const heard = resample(44100, [new Float32Array(20000).fill(0.25)]);
  for (const sample of heard.subarray(200, -200)) assert.ok(Math.abs(sample - 0.25) < 1e-6);
});

test('equal rates hand every sample through untouched', () => {
  const random = randomFrom(3);
  const samples = new Float32Array(3000).map(() => random() * 2 - 1);
  assert.deepEqual(resample(TO, cut(samples, random, 300)), samples);
});

test('ten minutes at an awkward rate drift by nothing', () => {
  const rate = 44056;
  const resampler = new Resampler(rate, TO);
  const block = new Float32Array(rate);
  const room = new Float32Array(resampler.capacityFor(rate));
  let count = 0;
  for (let second = 0; second < 600; second += 1) count += resampler.push(block, room);
  count += resampler.flush(room);
  assert.equal(count, 600 * TO);
});

test('a rate that no device has is refused', () => {
  for (const rate of [0, 7999, 192001, 44100.5, Number.NaN]) {
    assert.throws(() => new Resampler(rate, TO), RangeError);
  }
});
