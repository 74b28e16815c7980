// @ts-check
/**
 * The addresses to give to an audience. Where the server asks everybody for something, they carry a
 * viewer link of the room, which its operator can take back; it is made when it is first wanted, and
 * kept for this tab. It must not know the page's elements.
 */
import { overlayAddress, qrAddress, viewerAddress } from './address.js';

const NAME = 'livecaption.link.';

/**
 * @typedef {object} Addresses
 * @property {string} viewer
 * @property {string} overlay
 * @property {string} qr of a picture of the viewer's address
 */

export class ViewerLink {
  #page;
  #room;
  #access;
  #request;
  /** @type {Promise<Addresses> | null} */
  #made = null;

  /**
   * @param {import('./address.js').Address} page
   * @param {string} room
   * @param {import('./access.js').Access} access
   * @param {(url: string, init: RequestInit) => Promise<Response>} request
   */
  constructor(page, room, access, request = (url, init) => fetch(url, init)) {
    this.#page = page;
    this.#room = room;
    this.#access = access;
    this.#request = request;
  }

  /** @returns {Addresses} for a room that is open to everybody */
  get plain() {
    return {
      viewer: viewerAddress(this.#page, this.#room),
      overlay: overlayAddress(this.#page, this.#room),
      qr: qrAddress(this.#page, this.#room),
    };
  }

  /**
   * @returns {Promise<Addresses>}
   * @throws {Error} the server gives no link now
   */
  addresses() {
    if (!this.#access.isRequired) return Promise.resolve(this.plain);
    this.#made ??= this.#make();
    this.#made.catch(() => (this.#made = null));
    return this.#made;
  }

  async #make() {
    const known = stored(this.#room);
    const picture = known && (await this.#picture(known));
    if (known && picture) return this.#with(known, picture);
    const { token } = await this.#json(`/v1/rooms/${this.#room}/links`);
    const drawn = await this.#picture(token);
    if (drawn === null) throw new Error('the new link was refused');
    keep(this.#room, token);
    return this.#with(token, drawn);
  }

  /** @param {string} url */
  async #json(url) {
    const answer = await this.#request(url, { method: 'POST', headers: this.#access.headers });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }

  /** @param {string} token @returns {Promise<string | null>} null when the link was taken back */
  async #picture(token) {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await this.#request(this.plain.qr, { headers });
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return `data:image/svg+xml,${encodeURIComponent(await answer.text())}`;
  }

  /** @param {string} token @param {string} qr @returns {Addresses} */
  #with(token, qr) {
    const { viewer, overlay } = this.plain;
    return { viewer: `${viewer}#t=${token}`, overlay: `${overlay}#t=${token}`, qr };
  }
}

/** @param {string} room @returns {string | null} */
function stored(room) {
  try {
    return sessionStorage.getItem(NAME + room);
  } catch {
    return null;
  }
}

/** @param {string} room @param {string} token */
function keep(room, token) {
  try {
    sessionStorage.setItem(NAME + room, token);
  } catch {
    // Another one is made after a reload.
  }
}
