// @ts-check
/**
 * Whose connection took our session over (close code 4009): another page's, or one of our own?
 *
 * A connection that we gave up on in an outage may still reach the server when the network is back,
 * behind the one that replaced it, and ask for the session once more. Then the session is to be taken
 * back. Another page that asked for it is to keep it: two pages that take it from each other would
 * never end. So each connection that broke lately explains one takeover, and no more.
 */

export const TAKEN_OVER = 4009;
/** The browser's code for a connection without goodbye. */
const BROKEN = 1006;
/** What comes later than this finds the session gone anyway. */
const LATE_MS = 120_000;
const MOST = 3;

export class Rivals {
  #env;
  /** @type {number[]} when connections broke, in milliseconds */
  #broken = [];

  /** @param {import('./reconnecting-socket.js').Environment} env */
  constructor(env) {
    this.#env = env;
  }

  /** @param {number} code with which an open connection ended */
  lost(code) {
    if (code === BROKEN) this.#broken = [...this.#broken, this.#env.now()].slice(-MOST);
  }

  /** @returns {boolean} whether a takeover can be our own late connection's; used up by asking */
  mayBeOurOwn() {
    const now = this.#env.now();
    this.#broken = this.#broken.filter((at) => now - at < LATE_MS);
    return this.#broken.shift() !== undefined;
  }
}
