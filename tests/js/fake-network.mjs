/** A network and a clock under the test's control, in the shape of the sockets' `Environment`. */

/** Stands for the browser's WebSocket; the test plays the server. */
export class FakeSocket {
  /** @type {(string | ArrayBufferView)[]} */
  sent = [];
  bufferedAmount = 0;
  readyState = 0;
  isClosedByUs = false;
  onopen = null;
  onmessage = null;
  onclose = null;

  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
  }

  send(data) {
    if (this.readyState === 2) return;
    // The browser copies what it is given: later changes of the buffer must not show.
    this.sent.push(typeof data === 'string' ? data : data.slice());
  }

  close() {
    this.isClosedByUs = true;
  }

  // --- the server's side -----------------------------------------------------------------------

  accept() {
    this.readyState = 1;
    this.onopen?.();
  }

  /** The close has begun but is not through: what is sent now goes nowhere. */
  beginClose() {
    this.readyState = 2;
  }

  /** @param {object} message */
  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** @param {number} code */
  hangUp(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** @returns {any[]} the JSON messages it was sent */
  get messages() {
    return this.sent.filter((data) => typeof data === 'string').map((data) => JSON.parse(data));
  }

  /** @returns {number} how many samples it was sent */
  get sampleCount() {
    return this.sent.reduce((sum, data) => sum + (typeof data === 'string' ? 0 : data.length), 0);
  }

  /** @returns {number[]} the samples it was sent */
  get samples() {
    return this.sent.filter((data) => typeof data !== 'string').flatMap((data) => [...data]);
  }
}

export class FakeNetwork {
  /** @type {FakeSocket[]} */
  sockets = [];
  /** @type {Map<number, {at: number, callback: () => void}>} */
  #timers = new Map();
  #now = 0;
  #names = 0;
  /** What `random()` answers. */
  luck = 0.5;

  /** @returns {import('../../static/js/net/reconnecting-socket.js').Environment} */
  get environment() {
    return {
      connect: (url, protocols) => {
        this.sockets.push(new FakeSocket(url, protocols));
        return this.last;
      },
      setTimer: (callback, ms) => {
        this.#names += 1;
        this.#timers.set(this.#names, { at: this.#now + ms, callback });
        return this.#names;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      random: () => this.luck,
      now: () => this.#now,
    };
  }

  /** @returns {FakeSocket} the newest connection */
  get last() {
    return this.sockets[this.sockets.length - 1];
  }

  get pendingTimers() {
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

/** @param {object} [changes] @returns {any} a `ready` message */
export function ready(changes = {}) {
  return {
    type: 'ready', protocol: 1, session: 's_1', resume_token: 'rt_1', room: 'main',
    model: 'micro-en', language: null, started_at: '2026-11-23T10:00:00.000Z', resumed: false,
    resume_from: 0, limits: { max_frame_bytes: 65536, idle_s: 60, max_session_s: 86400 },
    ...changes,
  };
}

/** @param {object} [changes] @returns {any} an `error` message */
export function serverError(changes = {}) {
  return {
    type: 'error', code: 'overloaded', message: 'Full.', fatal: true, retry_after_ms: null,
    ...changes,
  };
}
