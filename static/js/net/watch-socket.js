// @ts-check
/**
 * The subscriber's conversation: a room's captions, for ever.
 *
 * Each connection begins with a snapshot, so nothing has to be remembered here. It must not know
 * what becomes of the captions.
 */
import { encodeHello } from './protocol.js';
import { BROWSER, ReconnectingSocket } from './reconnecting-socket.js';

/**
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./reconnecting-socket.js').Loss} Loss
 * @typedef {object} WatchHandlers
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(loss: Loss) => void} onLost
 */

export class WatchSocket {
  #socket;

  /**
   * @param {{url: string, protocols: string[]}} options
   * @param {WatchHandlers} handlers
   * @param {import('./reconnecting-socket.js').Environment} env
   */
  constructor({ url, protocols }, handlers, env = BROWSER) {
    this.#socket = new ReconnectingSocket(
      url,
      protocols,
      {
        onOpen: () => this.#socket.send(encodeHello()),
        onMessage: (message) => {
          if (message.type === 'snapshot') this.#socket.healthy();
          handlers.onMessage(message);
        },
        onLost: handlers.onLost,
      },
      env,
    );
  }

  /** Connects now; also ends a pause between attempts early. */
  open() {
    this.#socket.open();
  }

  close() {
    this.#socket.close();
  }
}
