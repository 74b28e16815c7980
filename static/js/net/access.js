// @ts-check
/**
 * What a server wants to see before it lets this page speak: nothing, or a token for each connection,
 * which it gives in exchange for a key. The key stays in this tab: it is kept for reloads and
 * forgotten when the tab is closed. It must not know sockets or the page's elements.
 */
import { SUBPROTOCOL, offeredProtocols } from './protocol.js';

const KEY_NAME = 'livecaption.key';
/** What a header may hold; a key with anything else was copied badly. */
const SENDABLE = /^[\x21-\x7e]{1,256}$/;
const ANSWER_MS = 5000;
/** Close codes that say what the server's HTTP answer said. @type {Record<number, number>} */
const CODES = { 401: 4501, 403: 4503, 429: 1013, 503: 1013 };
const BROKEN = 1006;

/** @typedef {import('./protocol.js').ServerError} ServerError */

/** The server gave no token. */
export class Refusal extends Error {
  /** @param {number} code as a socket would be closed with @param {ServerError | null} error */
  constructor(code, error) {
    super(error?.message ?? 'no answer');
    this.code = code;
    this.error = error;
  }
}

/**
 * @typedef {object} Surroundings what tests replace
 * @property {(url: string, init: RequestInit) => Promise<Response>} request
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} storage of this tab
 */

/** @returns {Surroundings} */
function browser() {
  let storage = null;
  try {
    storage = globalThis.sessionStorage ?? null;
  } catch {
    // The browser forbids it: then the key is gone with a reload.
  }
  return { request: (url, init) => fetch(url, init), storage };
}

export class Access {
  #room;
  #request;
  #storage;
  /** @type {string[] | null} from the page's own address, for one connection */
  #given;
  /** @type {string | null} */
  #key;
  /** @type {boolean | null} null until the server has said it */
  #isRequired = null;

  /**
   * @param {string} room
   * @param {string[]} offered subprotocols from the page's address, with a token if it had one
   * @param {Surroundings} surroundings
   */
  constructor(room, offered, { request, storage } = browser()) {
    this.#room = room;
    this.#request = request;
    this.#storage = storage;
    this.#given = offered.length > 1 ? offered : null;
    this.#key = storage?.getItem(KEY_NAME) ?? null;
  }

  /** Whether a key must be asked for before anything else. */
  get isLocked() {
    return this.#isRequired === true && this.#key === null && this.#given === null;
  }

  /** Whether the room is closed to those who show nothing. */
  get isRequired() {
    return this.#isRequired === true;
  }

  /** @returns {Record<string, string>} for requests of this page */
  get headers() {
    return this.#key === null ? {} : { Authorization: `Bearer ${this.#key}` };
  }

  /** Finds out whether a key is needed; a server that cannot be asked now is asked again later. */
  async look() {
    try {
      if ((await this.#isAsked()) && this.#key !== null) await this.#ask(this.#key);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.code === 4501) this.forget();
    }
  }

  /**
   * Tries a key, and keeps it if it opens the room.
   *
   * @param {string} text as it was typed or pasted
   * @throws {Refusal} it does not
   */
  async use(text) {
    const key = text.trim();
    if (!SENDABLE.test(key)) throw new Refusal(4501, null);
    await this.#ask(key);
    this.#key = key;
    try {
      this.#storage?.setItem(KEY_NAME, key);
    } catch {
      // A full storage: the key lives as long as this page.
    }
  }

  /** The key opens nothing any more. */
  forget() {
    this.#key = null;
    this.#storage?.removeItem(KEY_NAME);
  }

  /**
   * @param {boolean} wasRefused whether the last connection did not come about: the server may have
   *   begun to ask for keys
   * @returns {Promise<string[]>} what the next connection is to offer
   * @throws {Refusal} with the code that a socket would have been closed with
   */
  async protocols(wasRefused) {
    const given = this.#given;
    this.#given = null;
    if (given) return given;
    const isKnown = this.#isRequired !== null && !(wasRefused && !this.#isRequired);
    if (!(isKnown ? this.#isRequired : await this.#isAsked())) return [SUBPROTOCOL];
    try {
      return offeredProtocols(await this.#ask(this.#key));
    } catch (refusal) {
      if (refusal instanceof Refusal && refusal.code === 4501) this.forget();
      throw refusal;
    }
  }

  /** @returns {Promise<boolean>} whether the server asks for keys, by its public word */
  async #isAsked() {
    const response = await this.#send('/readyz', {});
    const answer = await response.json().catch(() => null);
    this.#isRequired = answer?.access === 'key';
    return this.#isRequired;
  }

  /** @param {string | null} key @returns {Promise<string>} a token */
  async #ask(key) {
    const response = await this.#send('/v1/tokens', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ room: this.#room, role: 'publish' }),
    });
    const answer = await response.json().catch(() => null);
    if (response.ok && typeof answer?.token === 'string') return answer.token;
    throw refusalOf(response, answer);
  }

  /** @param {string} url @param {RequestInit} what @returns {Promise<Response>} */
  async #send(url, what) {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      return await this.#request(url, { ...what, cache: 'no-store', signal });
    } catch {
      throw new Refusal(BROKEN, null);
    }
  }
}

/** @param {Response} response @param {any} answer @returns {Refusal} */
function refusalOf(response, answer) {
  const { code, message } = answer?.error ?? {};
  const seconds = Number(response.headers.get('Retry-After'));
  /** @type {ServerError | null} */
  const error = typeof message === 'string'
    ? {
      type: 'error', code: String(code), message, fatal: true,
      retry_after_ms: seconds > 0 ? 1000 * seconds : null,
    }
    : null;
  return new Refusal(CODES[response.status] ?? BROKEN, error);
}
