// @ts-check
/**
 * Notices a server that has fallen silent although it should answer (a half-open connection says
 * nothing at all), and the moment to say that we are still here. It must not know what is said.
 */

const TICK_MS = 1000;
/** A server acknowledges audio about every second, and `start` at once. */
const PATIENCE_MS = 10_000;
/** When there is reason for doubt: the network changed, or the machine slept. */
const HURRIED_PATIENCE_MS = 3000;

/**
 * @typedef {object} HeartbeatHandlers
 * @property {() => void} onSilent the server owes an answer for too long
 * @property {() => void} onQuiet nothing was sent for a while: say that we are here
 *
 * @typedef {import('./reconnecting-socket.js').Environment} Environment
 */

export class Heartbeat {
  #env;
  #handlers;
  #timer = 0;
  #quietMs = Infinity;
  #lastSent = 0;
  /** @type {number | null} since when the server owes an answer */
  #owedSince = null;
  #patience = PATIENCE_MS;

  /** @param {Environment} env @param {HeartbeatHandlers} handlers */
  constructor(env, handlers) {
    this.#env = env;
    this.#handlers = handlers;
  }

  /** Milliseconds since something was sent. */
  get sentAgo() {
    return this.#env.now() - this.#lastSent;
  }

  /** @param {number} quietMs how long nothing may be sent before `onQuiet` */
  start(quietMs) {
    this.stop();
    this.#quietMs = quietMs;
    this.#lastSent = this.#env.now();
    this.#owedSince = null;
    this.#schedule();
  }

  stop() {
    this.#env.clearTimer(this.#timer);
    this.#patience = PATIENCE_MS;
  }

  /** Something was sent. @param {boolean} isAnswered whether the server answers to it */
  sent(isAnswered) {
    this.#lastSent = this.#env.now();
    if (isAnswered) this.#owedSince ??= this.#lastSent;
  }

  /** The server has said something. */
  heard() {
    this.#owedSince = null;
    this.#patience = PATIENCE_MS;
  }

  /** Waits for the next answer only shortly: there is reason to doubt the connection. */
  hurry() {
    // What it owes already may have been delayed by the sleep that is the reason.
    if (this.#owedSince !== null) this.#owedSince = this.#env.now();
    this.#patience = HURRIED_PATIENCE_MS;
  }

  #schedule() {
    this.#timer = this.#env.setTimer(() => this.#tick(), TICK_MS);
  }

  #tick() {
    this.#schedule();
    const now = this.#env.now();
    if (this.#owedSince !== null && now - this.#owedSince >= this.#patience) {
      this.#handlers.onSilent();
    } else if (now - this.#lastSent >= this.#quietMs) {
      this.#handlers.onQuiet();
    }
  }
}
