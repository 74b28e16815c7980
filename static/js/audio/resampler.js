// @ts-check
/**
 * Exact rate conversion by a polyphase windowed-sinc filter.
 *
 * Browsers give audio at the device's own rate (a custom `sampleRate` makes Firefox throw), the
 * server wants 16 kHz, and captions must not depend on how the audio was cut. So every output
 * sample is a fixed sum over fixed input samples: splitting the input differently cannot change a
 * single bit, and positions are integers, so nothing drifts over a day.
 *
 *     output n  lies at input time  n * step / phases  =  base + phase / phases
 *     its value is the sum over `taps` inputs around base, weighted by filter number `phase`
 *
 * It must not know about Web Audio: it runs inside the worklet and under `node --test` alike.
 */

/** Periods of the lower of the two rates on each side of the filter's centre: its steepness. */
const HALF_WIDTH_PERIODS = 40;
/** Middle of the transition band as a part of the lower Nyquist frequency; it ends at 1.0. */
const CUTOFF = 0.9375;
/** Kaiser shape: about 80 dB of stop-band attenuation. */
const KAISER_BETA = 8;
/** Input samples taken in at a time; bounds the working memory for any size of `push`. */
const BLOCK = 1024;

export const LOWEST_RATE = 8000;
export const HIGHEST_RATE = 192000;

/** @param {number} a @param {number} b @returns {number} */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Modified Bessel function of the first kind, order 0. @param {number} x @returns {number} */
function bessel0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * One filter of the bank, its gain at 0 Hz exactly 1 so that the phases do not ripple.
 *
 * @param {number} fraction position between two input samples, 0 ≤ fraction < 1
 * @param {number} half input samples on each side
 * @param {number} bandwidth cut-off as a part of the input's Nyquist frequency
 * @returns {Float32Array} 2 * half weights, the first for input `base - half + 1`
 */
function designFilter(fraction, half, bandwidth) {
  const weights = new Float64Array(2 * half);
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const t = i - half + 1 - fraction;
    const x = Math.PI * bandwidth * t;
    const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
    const window = bessel0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - (t / half) ** 2)));
    weights[i] = sinc * window;
    sum += weights[i];
  }
  return Float32Array.from(weights, (weight) => weight / sum);
}

export class Resampler {
  #phases;
  #step;
  #half;
  #bandwidth;
  /** @type {(Float32Array | undefined)[]} filters by phase, designed when first needed */
  #filters = [];
  /** The inputs still needed: `#held` samples, the first of them at absolute index `#origin`. */
  #work;
  #held;
  #origin;
  /** Where the next output lies: between inputs `#base` and `#base + 1`. */
  #base = 0;
  #phase = 0;
  #received = 0;

  /**
   * @param {number} inputRate Hz, a whole number from 8000 to 192000
   * @param {number} outputRate Hz, the same
   * @throws {RangeError} when a rate is outside that range
   */
  constructor(inputRate, outputRate) {
    for (const rate of [inputRate, outputRate]) {
      if (!Number.isInteger(rate) || rate < LOWEST_RATE || rate > HIGHEST_RATE) {
        throw new RangeError(
          `sample rate ${rate} must be a whole number from ${LOWEST_RATE} to ${HIGHEST_RATE} Hz`,
        );
      }
    }
    const divisor = greatestCommonDivisor(inputRate, outputRate);
    this.#phases = outputRate / divisor;
    this.#step = inputRate / divisor;
    const lowest = Math.min(inputRate, outputRate);
    const same = inputRate === outputRate;
    // Equal rates need no filter: one weight of 1 hands every sample through untouched.
    this.#half = same ? 1 : Math.ceil((HALF_WIDTH_PERIODS * inputRate) / lowest);
    this.#bandwidth = same ? 1 : (CUTOFF * lowest) / inputRate;
    this.#work = new Float32Array(2 * this.#half + BLOCK);
    // Silence before the first input lets output 0 be centred on input 0: no delay is added.
    this.#held = this.#half;
    this.#origin = -this.#half;
  }

  /** @param {number} inputs samples of one `push` @returns {number} outputs it can give at most */
  capacityFor(inputs) {
    return Math.ceil(((inputs + this.#half) * this.#phases) / this.#step) + 1;
  }

  /**
   * Takes any number of samples and writes the outputs they complete.
   *
   * @param {Float32Array} input
   * @param {Float32Array} output at least `capacityFor(input.length)` long
   * @returns {number} samples written
   */
  push(input, output) {
    this.#received += input.length;
    let written = 0;
    for (let at = 0; at < input.length; at += BLOCK) {
      const block = input.subarray(at, at + BLOCK);
      this.#forget();
      this.#work.set(block, this.#held);
      this.#held += block.length;
      written = this.#produce(output, written, Infinity);
    }
    return written;
  }

  /**
   * Ends the stream: writes the outputs that were waiting for audio after the last input, so that
   * N inputs have given exactly ceil(N * outputRate / inputRate) outputs.
   *
   * @param {Float32Array} output at least `capacityFor(0)` long
   * @returns {number} samples written
   */
  flush(output) {
    const received = this.#received;
    this.#forget();
    this.#work.fill(0, this.#held, this.#held + this.#half);
    this.#held += this.#half;
    return this.#produce(output, 0, received);
  }

  /** Drops the inputs that lie before the reach of the next output. */
  #forget() {
    const drop = Math.min(this.#base - this.#half + 1 - this.#origin, this.#held);
    if (drop <= 0) return;
    this.#work.copyWithin(0, drop, this.#held);
    this.#held -= drop;
    this.#origin += drop;
  }

  /**
   * @param {Float32Array} output
   * @param {number} written samples already in `output`
   * @param {number} end absolute input index that outputs must stay before
   * @returns {number} samples in `output` now
   */
  #produce(output, written, end) {
    const last = this.#origin + this.#held - 1 - this.#half;
    while (this.#base <= last && this.#base < end) {
      output[written] = this.#valueAt(this.#base - this.#half + 1 - this.#origin);
      written += 1;
      this.#phase += this.#step;
      this.#base += Math.floor(this.#phase / this.#phases);
      this.#phase %= this.#phases;
    }
    return written;
  }

  /** @param {number} from index into the working memory @returns {number} */
  #valueAt(from) {
    const filter = (this.#filters[this.#phase] ??= designFilter(
      this.#phase / this.#phases,
      this.#half,
      this.#bandwidth,
    ));
    let sum = 0;
    for (let i = 0; i < filter.length; i += 1) sum += filter[i] * this.#work[from + i];
    return sum;
  }
}
