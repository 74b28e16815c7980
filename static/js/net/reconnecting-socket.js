// @ts-check
/**
 * One logical connection over as many WebSockets as it takes.
 *
 * It opens, decodes, notices silence and failure, waits and opens again. It must not know what the
 * messages mean beyond `error` (whose retry_after_ms it honours); callers greet in `onOpen` and
 * say `healthy()` when the conversation works, which resets the back-off.
 *
 *     idle ─open─▶ connecting ─opened─▶ open ─lost─▶ waiting ─timer─▶ connecting …
 *                       └────────lost─────────────────▲
 * What a connection offers may have to be asked for first (a token that is good for one); that is part
 * of connecting, and a refusal there is a loss like any other.
 *
 *     close() from anywhere, or a close code that forbids coming back ─▶ closed
 */
import { Refusal } from './access.js';
import { decodeServer, WireError } from './protocol.js';
import { mayReconnect, retryDelay } from './reconnect.js';

/** A handshake that takes longer than this is lost; browsers themselves wait for minutes. */
const CONNECT_TIMEOUT_MS = 10_000;
/** An eager one begins anew sooner: the network may be back, and a first packet is repeated late. */
const EAGER_TIMEOUT_MS = 5000;
/** `WebSocket.OPEN`, which does not exist where the tests run. */
const OPEN = 1;
/** Given instead of a close code when we gave up on a connection that never said goodbye. */
const BROKEN = 1006;

/**
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./protocol.js').ServerError} ServerError
 *
 * @typedef {object} Loss why a connection ended
 * @property {number} code WebSocket close code
 * @property {ServerError | null} error the server's last `error` on that connection
 * @property {boolean} opened whether the handshake had succeeded
 * @property {boolean} willRetry
 *
 * @typedef {string[] | ((wasRefused: boolean) => Promise<string[]>)} Protocols what to offer, or who
 *   knows; told whether the last connection did not come about. It may throw a `Refusal`
 *
 * @typedef {object} Handlers
 * @property {() => void} onOpen a fresh WebSocket is open: greet
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(loss: Loss) => void} onLost
 * @property {() => boolean} [isEager] whether to come back without growing pauses
 *
 * @typedef {object} Environment what the browser gives and tests replace
 * @property {(url: string, protocols: string[]) => WebSocket} connect
 * @property {(callback: () => void, ms: number) => number} setTimer
 * @property {(timer: number) => void} clearTimer
 * @property {() => number} random 0 ≤ random < 1
 * @property {() => number} now milliseconds of a clock that never goes back
 */

/** @type {Environment} */
export const BROWSER = {
  connect: (url, protocols) => new WebSocket(url, protocols),
  setTimer: (callback, ms) => /** @type {any} */ (setTimeout(callback, ms)),
  clearTimer: (timer) => clearTimeout(timer),
  random: Math.random,
  now: () => performance.now(),
};

export class ReconnectingSocket {
  #url;
  #protocols;
  #handlers;
  #env;
  /** @type {"idle" | "connecting" | "open" | "waiting" | "closed"} */
  #state = 'idle';
  /** @type {WebSocket | null} */
  #socket = null;
  #timer = 0;
  #attempt = 0;
  /** @type {ServerError | null} */
  #error = null;
  /** @type {object | null} what tells one question for protocols from a later one */
  #question = null;
  #wasRefused = false;

  /**
   * @param {string} url
   * @param {Protocols} protocols
   * @param {Handlers} handlers
   * @param {Environment} env
   */
  constructor(url, protocols, handlers, env = BROWSER) {
    this.#url = url;
    this.#protocols = protocols;
    this.#handlers = handlers;
    this.#env = env;
  }

  /** Whether `send` reaches the server: a socket that is closing swallows what it is given. */
  get isOpen() {
    return this.#state === 'open' && this.#socket?.readyState === OPEN;
  }

  /** Bytes handed to the browser that have not left it yet. */
  get bufferedAmount() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get #isEager() {
    return this.#handlers.isEager?.() ?? false;
  }

  /** Connects now; also ends a pause early, for instance when the network is back. */
  open() {
    if (this.#state !== 'idle' && this.#state !== 'waiting') return;
    this.#env.clearTimer(this.#timer);
    this.#state = 'connecting';
    this.#error = null;
    const patience = this.#isEager ? EAGER_TIMEOUT_MS : CONNECT_TIMEOUT_MS;
    this.#timer = this.#env.setTimer(() => this.fail(), patience);
    if (typeof this.#protocols === 'function') void this.#askThenConnect(this.#protocols);
    else this.#connect(this.#protocols);
  }

  /** @param {(wasRefused: boolean) => Promise<string[]>} ask */
  async #askThenConnect(ask) {
    const question = {};
    this.#question = question;
    try {
      const protocols = await ask(this.#wasRefused);
      if (this.#question !== question) return;
      this.#question = null;
      this.#connect(protocols);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (this.#question !== question) return;
      this.#error = refusal.error;
      this.#lost(refusal.code);
    }
  }

  /** @param {string[]} protocols */
  #connect(protocols) {
    const socket = this.#env.connect(this.#url, protocols);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code }) => this.#lost(code);
  }

  /** The network may be back: nothing is waited for, neither a pause nor a handshake that hangs. */
  retry() {
    if (this.#state === 'connecting') {
      this.#drop();
      this.#state = 'idle';
    }
    this.open();
  }

  /** The conversation works: the next loss starts with a short pause again. */
  healthy() {
    this.#attempt = 0;
  }

  /** @param {string | ArrayBuffer | ArrayBufferView<ArrayBuffer>} data only while `isOpen` */
  send(data) {
    this.#socket?.send(data);
  }

  /** Gives up on the present connection, without waiting for a peer that may be gone. */
  fail() {
    if (this.#socket || this.#question) this.#lost(BROKEN);
  }

  /** Ends for good; no handler is called any more. */
  close() {
    this.#state = 'closed';
    this.#drop();
  }

  #opened() {
    this.#env.clearTimer(this.#timer);
    this.#state = 'open';
    this.#wasRefused = false;
    this.#handlers.onOpen();
  }

  /** @param {unknown} data */
  #received(data) {
    let message;
    try {
      message = decodeServer(data);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.fail();
      return;
    }
    if (message?.type === 'error') this.#error = message;
    if (message) this.#handlers.onMessage(message);
  }

  /** @param {number} code */
  #lost(code) {
    const opened = this.#state === 'open';
    this.#wasRefused = !opened;
    const willRetry = mayReconnect(code);
    this.#drop();
    this.#state = willRetry ? 'waiting' : 'closed';
    if (willRetry) {
      const asked = this.#error?.retry_after_ms ?? 0;
      const delay = retryDelay(this.#attempt, this.#env.random(), asked, this.#isEager);
      // What hurries has not tried the server's patience: the growing begins when the hurry ends.
      if (!this.#isEager) this.#attempt += 1;
      this.#timer = this.#env.setTimer(() => this.open(), delay);
    }
    this.#handlers.onLost({ code, error: this.#error, opened, willRetry });
  }

  /** Lets go of the WebSocket: whatever it still says is not for us. */
  #drop() {
    this.#env.clearTimer(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#question = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
