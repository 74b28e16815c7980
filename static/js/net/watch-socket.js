// @ts-check
/**
 * The subscriber's conversation: a room's captions, for ever.
 *
 * After a loss it says which event it saw last, so that the server sends what was missed. A network
 * that died without a word is found out by silence: then a fresh connection is opened, which costs
 * little and loses nothing. It must not know what becomes of the captions.
 */
import { encodeHello } from './protocol.js';
import { BROWSER, ReconnectingSocket } from './reconnecting-socket.js';

/** Time in which `hello` must be answered by a snapshot. */
const SNAPSHOT_TIMEOUT_MS = 10_000;
/** Silence after which the connection may be dead; nobody may be speaking, so each one in a row
 * is allowed to be twice as long. */
const FIRST_QUIET_MS = 60_000;
const LONGEST_QUIET_MS = 480_000;
const TOKEN = /^[A-Za-z0-9._~-]{1,1024}$/;

/**
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./reconnecting-socket.js').Loss} Loss
 * @typedef {object} WatchHandlers
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(loss: Loss) => void} onLost
 */

/**
 * @param {{href: string}} address of a page whose link carries a viewer's token as `#t=…`
 * @returns {string | null} null when there is none; browsers never send it to a server by themselves
 */
export function linkToken({ href }) {
  const token = new URLSearchParams(new URL(href).hash.slice(1)).get('t') ?? '';
  return TOKEN.test(token) ? token : null;
}

export class WatchSocket {
  #socket;
  #env;
  /** @type {number | null} offset of the last event seen */
  #after = null;
  #quietMs = FIRST_QUIET_MS;
  #timer = 0;
  #isRenewing = false;

  /**
   * @param {{url: string, protocols: string[], token?: string | null}} options
   * @param {WatchHandlers} handlers
   * @param {import('./reconnecting-socket.js').Environment} env
   */
  constructor({ url, protocols, token = null }, handlers, env = BROWSER) {
    this.#env = env;
    this.#socket = new ReconnectingSocket(
      url,
      protocols,
      {
        onOpen: () => {
          this.#socket.send(encodeHello({ token, after: this.#after }));
          this.#wait(SNAPSHOT_TIMEOUT_MS, () => this.#socket.fail());
        },
        onMessage: (message) => {
          this.#heard(message);
          handlers.onMessage(message);
        },
        onLost: (loss) => {
          env.clearTimer(this.#timer);
          if (!this.#isRenewing) handlers.onLost(loss);
        },
      },
      env,
    );
  }

  /** Connects now; also ends a pause between attempts early. */
  open() {
    this.#socket.open();
  }

  /** Opens a fresh connection in place of one that may be dead, as after a phone's sleep. */
  renew() {
    this.#isRenewing = true;
    this.#socket.fail();
    this.#isRenewing = false;
    this.#socket.open();
  }

  close() {
    this.#env.clearTimer(this.#timer);
    this.#socket.close();
  }

  /** @param {ServerMessage} message */
  #heard(message) {
    if (message.type === 'error') return;
    if (message.type === 'snapshot') {
      this.#after = message.offset;
      this.#socket.healthy();
    } else if (message.type !== 'presence') {
      this.#quietMs = FIRST_QUIET_MS;
    }
    if ('offset' in message && message.offset !== undefined) this.#after = message.offset;
    this.#wait(this.#quietMs, () => {
      this.#quietMs = Math.min(2 * this.#quietMs, LONGEST_QUIET_MS);
      this.renew();
    });
  }

  /** @param {number} ms @param {() => void} callback in place of the one waited for before */
  #wait(ms, callback) {
    this.#env.clearTimer(this.#timer);
    this.#timer = this.#env.setTimer(callback, ms);
  }
}
