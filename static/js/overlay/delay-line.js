// @ts-check
/**
 * Holds messages back, so that captions come when the delayed picture shows who said them. Order is
 * kept, also when the delay changes. It must not know what the messages are.
 */

/** More than a minute of the busiest room; the oldest come early then, rather than never. */
const MOST_WAITING = 5000;

/**
 * @typedef {object} Clock what the browser gives and tests replace
 * @property {() => number} now milliseconds
 * @property {(callback: () => void, ms: number) => number} setTimer
 * @property {(timer: number) => void} clearTimer
 */

/** @type {Clock} */
export const PAGE_CLOCK = {
  now: () => performance.now(),
  setTimer: (callback, ms) => /** @type {any} */ (setTimeout(callback, ms)),
  clearTimer: (timer) => clearTimeout(timer),
};

/** @template T */
export class DelayLine {
  #deliver;
  #clock;
  #delayMs = 0;
  /** @type {{due: number, message: T}[]} oldest first */
  #waiting = [];
  #timer = 0;

  /** @param {(message: T) => void} deliver @param {Clock} clock */
  constructor(deliver, clock = PAGE_CLOCK) {
    this.#deliver = deliver;
    this.#clock = clock;
  }

  /** @param {number} ms for messages from now on */
  set delay(ms) {
    this.#delayMs = ms;
  }

  /** @param {T} message */
  push(message) {
    const due = this.#clock.now() + this.#delayMs;
    if (this.#delayMs === 0 && this.#waiting.length === 0) {
      this.#deliver(message);
      return;
    }
    this.#waiting.push({ due, message });
    this.#pass();
  }

  /** Forgets what waits. */
  clear() {
    this.#waiting = [];
    this.#clock.clearTimer(this.#timer);
  }

  #pass() {
    this.#clock.clearTimer(this.#timer);
    const now = this.#clock.now();
    while (this.#waiting.length > 0) {
      const { due, message } = this.#waiting[0];
      if (due > now && this.#waiting.length <= MOST_WAITING) {
        this.#timer = this.#clock.setTimer(() => this.#pass(), due - now);
        return;
      }
      this.#waiting.shift();
      this.#deliver(message);
    }
  }
}
