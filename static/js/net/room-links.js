// @ts-check
/**
 * A room's links for readers, over HTTP: made, listed, taken back. It must not know the page.
 */
import { tokenOf } from './address.js';

/**
 * @typedef {object} RoomLink
 * @property {string} id
 * @property {number} createdAt milliseconds since the epoch
 *
 * @typedef {RoomLink & {token: string}} NewLink its token is told once
 */

/** How long an answer may take. */
const PATIENCE_MS = 10_000;

/** The server did not do it. */
export class LinkError extends Error {}

export class RoomLinks {
  #url;
  #headers;
  #access;

  /**
   * @param {import('./address.js').Address} page
   * @param {string} room
   * @param {import('./access.js').Access} access has the key, where there is one
   */
  constructor(page, room, access) {
    this.#access = access;
    this.#url = new URL(`/v1/rooms/${room}/links`, page.href).href;
    const token = tokenOf(page);
    this.#headers = /** @type {Record<string, string>} */ (token ? { Authorization: `Bearer ${token}` } : {});
  }

  /** @returns {Promise<RoomLink[]>} those that are good, the newest first @throws {LinkError} */
  async list() {
    const { links } = await this.#ask('GET', '');
    if (!Array.isArray(links)) throw new LinkError('no list of links');
    return links.filter((link) => link.revoked_at === null).map(linkOf);
  }

  /** @returns {Promise<NewLink>} @throws {LinkError} */
  async make() {
    const made = await this.#ask('POST', '');
    if (typeof made.token !== 'string') throw new LinkError('no token');
    return { ...linkOf(made), token: made.token };
  }

  /** @param {string} id @returns {Promise<void>} @throws {LinkError} */
  async revoke(id) {
    await this.#ask('DELETE', `/${encodeURIComponent(id)}`);
  }

  /** @param {string} method @param {string} path @returns {Promise<any>} the answer's JSON */
  async #ask(method, path) {
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(this.#url + path, { method, headers: { ...this.#headers, ...this.#access.headers }, signal });
      if (!answer.ok) throw new LinkError(`HTTP ${answer.status}`);
      return answer.status === 204 ? {} : await answer.json();
    } catch (error) {
      throw error instanceof LinkError ? error : new LinkError(String(error));
    }
  }
}

/** @param {any} link @returns {RoomLink} */
function linkOf({ id, created_at: createdAt }) {
  if (typeof id !== 'string' || !Number.isFinite(createdAt)) throw new LinkError('no link');
  return { id, createdAt: 1000 * createdAt };
}
