// @ts-check
/**
 * OBS's own WebSocket server (protocol 5): greets, proves that it knows the password, sends stream
 * captions, and comes back when OBS was restarted. It must not know where captions come from.
 *
 *     ← op 0 Hello {authentication?: {challenge, salt}}
 *     → op 1 Identify {rpcVersion: 1, authentication?, eventSubscriptions: 0}
 *     ← op 2 Identified
 *     → op 6 Request SendStreamCaption   ← op 7 RequestResponse {requestStatus: {result, code}}
 *
 * OBS answers 501 while it is not streaming. That is no failure: captions are for streams.
 */

const SUBPROTOCOL = 'obswebsocket.json';
const RPC_VERSION = 1;
const NOT_STREAMING = 501;
/** OBS closes with this when the password is wrong. */
const WRONG_PASSWORD = 4009;
const RETRY_MS = 5000;
const OPEN = 1;

/**
 * @typedef {"connecting" | "ready" | "streaming" | "unreachable" | "wrong-password" |
 *   "needs-https"} ObsState "ready": connected, and not known to stream
 *
 * @typedef {object} ObsEnvironment what the browser gives and tests replace
 * @property {(url: string, protocol: string) => WebSocket} connect
 * @property {(callback: () => void, ms: number) => number} setTimer
 * @property {(timer: number) => void} clearTimer
 * @property {SubtleCrypto | undefined} crypto absent on pages that are not secure
 */

/** @type {ObsEnvironment} */
const BROWSER = {
  connect: (url, protocol) => new WebSocket(url, protocol),
  setTimer: (callback, ms) => /** @type {any} */ (setTimeout(callback, ms)),
  clearTimer: (timer) => clearTimeout(timer),
  crypto: globalThis.crypto?.subtle,
};

/** @param {SubtleCrypto} crypto @param {string} text @returns {Promise<string>} base64 of SHA-256 */
async function digest(crypto, text) {
  const hash = await crypto.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}

/**
 * @param {SubtleCrypto} crypto
 * @param {string} password
 * @param {{challenge: string, salt: string}} asked
 * @returns {Promise<string>} what proves to OBS that we know the password, without saying it
 */
export async function proof(crypto, password, { challenge, salt }) {
  return digest(crypto, (await digest(crypto, password + salt)) + challenge);
}

export class ObsSocket {
  #url;
  #password;
  #onState;
  #env;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ObsState} */
  #state = 'connecting';
  #timer = 0;
  #requests = 0;
  #isClosed = false;

  /**
   * @param {{url: string, password: string}} where
   * @param {(state: ObsState) => void} onState told of each change
   * @param {ObsEnvironment} env
   */
  constructor({ url, password }, onState, env = BROWSER) {
    this.#url = url;
    this.#password = password;
    this.#onState = onState;
    this.#env = env;
  }

  /** @returns {ObsState} */
  get state() {
    return this.#state;
  }

  open() {
    if (this.#isClosed) return;
    this.#become('connecting');
    let socket;
    try {
      socket = this.#env.connect(this.#url, SUBPROTOCOL);
    } catch {
      this.#lost('unreachable'); // an address that is none
      return;
    }
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code }) => this.#lost(code === WRONG_PASSWORD ? 'wrong-password' : 'unreachable');
  }

  close() {
    this.#isClosed = true;
    this.#env.clearTimer(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  /** @param {string} text shown at once @returns {boolean} whether it was sent */
  caption(text) {
    const isReady = this.#state === 'ready' || this.#state === 'streaming';
    if (!isReady || this.#socket?.readyState !== OPEN) return false;
    this.#requests += 1;
    this.#send(6, {
      requestType: 'SendStreamCaption',
      requestId: String(this.#requests),
      requestData: { captionText: text },
    });
    return true;
  }

  /** @param {unknown} text */
  #received(text) {
    let message;
    try {
      message = JSON.parse(String(text));
    } catch {
      return;
    }
    const { op, d } = message ?? {};
    if (op === 0) this.#identify(d ?? {});
    else if (op === 2) this.#become('ready');
    else if (op === 7) this.#answered(d?.requestStatus ?? {});
  }

  /** @param {{authentication?: {challenge: string, salt: string}}} hello */
  async #identify({ authentication }) {
    const socket = this.#socket;
    /** @type {Record<string, unknown>} */
    const identify = { rpcVersion: RPC_VERSION, eventSubscriptions: 0 };
    if (authentication) {
      if (!this.#env.crypto) {
        this.#lost('needs-https');
        return;
      }
      identify.authentication = await proof(this.#env.crypto, this.#password, authentication);
    }
    if (socket === this.#socket) this.#send(1, identify);
  }

  /** @param {{result?: boolean, code?: number}} status */
  #answered({ result, code }) {
    if (result) this.#become('streaming');
    else if (code === NOT_STREAMING) this.#become('ready');
  }

  /** @param {number} op @param {object} d */
  #send(op, d) {
    this.#socket?.send(JSON.stringify({ op, d }));
  }

  /** @param {ObsState} state */
  #lost(state) {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    this.#become(state);
    // A password does not become right by itself; new settings make a new socket.
    if (state === 'unreachable') this.#timer = this.#env.setTimer(() => this.open(), RETRY_MS);
  }

  /** @param {ObsState} state */
  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }
}
