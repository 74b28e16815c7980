// @ts-check
/**
 * Whether to come back eagerly: as long as the server has lately been well, because then a session
 * waits there that only the way to it keeps from going on. A server that greets again and again, and
 * never takes anything, is left alone in the usual way. It must not know about sockets.
 */

/** As long as an outage loses nothing. */
const EAGER_MS = 60_000;
const MOST_FRUITLESS = 5;

export class Eagerness {
  #env;
  #healthyAt = -Infinity;
  /** Greetings in a row from which nothing came. */
  #fruitless = 0;

  /** @param {import('./reconnecting-socket.js').Environment} env */
  constructor(env) {
    this.#env = env;
  }

  /** The server has taken the session. */
  greeted() {
    this.#fruitless += 1;
  }

  /** The conversation works. */
  healthy() {
    this.#healthyAt = this.#env.now();
    this.#fruitless = 0;
  }

  get isEager() {
    return this.#env.now() - this.#healthyAt < EAGER_MS && this.#fruitless <= MOST_FRUITLESS;
  }
}
