/** A page's clock under the test's control. */
export class FakeClock {
  /** @type {Map<number, {at: number, callback: () => void}>} */
  #timers = new Map();
  #names = 0;
  #now = 0;

  now = () => this.#now;

  /** @param {() => void} callback @param {number} ms */
  setTimer = (callback, ms) => {
    this.#names += 1;
    this.#timers.set(this.#names, { at: this.#now + ms, callback });
    return this.#names;
  };

  /** @param {number} timer */
  clearTimer = (timer) => void this.#timers.delete(timer);

  get pending() {
    return this.#timers.size;
  }

  /** Lets time pass: runs what is due, in order. @param {number} ms */
  pass(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      if (due.length === 0) break;
      const [name, { at, callback }] = due.reduce((a, b) => (b[1].at < a[1].at ? b : a));
      this.#timers.delete(name);
      this.#now = at;
      callback();
    }
    this.#now = end;
  }
}
