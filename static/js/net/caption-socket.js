// @ts-check
/**
 * The publisher's conversation: audio up, captions down, over connections that may break.
 *
 * It owns the audio that the server may not have, offers to resume after each loss, sends again what
 * was not acknowledged, and keeps every buffer bounded: audio that finds no room is dropped, counted and
 * reported. It must not know about microphones or the page.
 */
import { AudioHistory } from './audio-history.js';
import { encodeConfigure, encodeKeepalive, encodeStart, encodeStop } from './protocol.js';
import { BROWSER, ReconnectingSocket } from './reconnecting-socket.js';

/** Five seconds of audio inside the browser's socket: more would only be heard too late. */
export const BUFFERED_LIMIT = 160_000;
/** How often to look for a silent server and to say that we are still here. */
const PULSE_MS = 10_000;
/** Time without a word from a server that is being sent audio (it acks every second). */
const UNHEARD_LIMIT_MS = 20_000;
/** Time in which `start` must be answered. */
const READY_TIMEOUT_MS = 10_000;
const CATCH_UP_MS = 100;
/** Another connection goes on with the session: resuming it again would only take it back. */
const TAKEN_OVER = 4009;
/** The last captions must arrive within this time after `stop`. */
const DRAIN_TIMEOUT_MS = 20_000;

/**
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./protocol.js').Ready} Ready
 * @typedef {import('./protocol.js').Closed} Closed
 * @typedef {import('./reconnecting-socket.js').Loss} Loss
 *
 * @typedef {object} CaptionHandlers
 * @property {(message: ServerMessage) => void} onMessage everything the server says, `ready` first
 * @property {(loss: Loss) => void} onLost the connection is gone; with `willRetry` false for good
 * @property {(samples: number) => void} onDropped in all, of audio that found no room
 */

export class CaptionSocket {
  #socket;
  #handlers;
  #env;
  #room;
  #language;
  #history = new AudioHistory();
  /** @type {Ready | null} */
  #session = null;
  #lastSeq = 0;
  /** Samples of this session that the server has said to have. */
  #received = 0;
  #live = false;
  #catchingUp = false;
  #dropped = 0;
  #sentSincePulse = false;
  #unheardMs = 0;
  #pulseTimer = 0;
  #pumpTimer = 0;
  #drainTimer = 0;
  #stopSent = false;
  /** @type {((closed: Closed | null) => void) | null} set once `stop` was called */
  #stopped = null;

  /**
   * @param {{url: string, protocols: string[], room: string, language: string | null}} options
   * @param {CaptionHandlers} handlers
   * @param {import('./reconnecting-socket.js').Environment} env
   */
  constructor({ url, protocols, room, language }, handlers, env = BROWSER) {
    this.#room = room;
    this.#language = language;
    this.#handlers = handlers;
    this.#env = env;
    this.#socket = new ReconnectingSocket(
      url,
      protocols,
      {
        onOpen: () => this.#greet(),
        onMessage: (message) => this.#heard(message),
        onLost: (loss) => this.#lost(loss),
      },
      env,
    );
  }

  /** Connects now; also ends a pause between attempts early. */
  open() {
    this.#socket.open();
  }

  /** @param {Int16Array<ArrayBuffer>} samples 16 kHz mono; kept by reference */
  sendAudio(samples) {
    const congested =
      this.#live && !this.#catchingUp && this.#socket.bufferedAmount > BUFFERED_LIMIT;
    if (congested || !this.#history.append(samples)) {
      this.#dropped += samples.length;
      this.#handlers.onDropped(this.#dropped);
      return;
    }
    this.#pump();
  }

  /** @param {string | null} language from the next utterance on; null lets the server detect it */
  setLanguage(language) {
    this.#language = language;
    if (this.#live && this.#socket.isOpen) this.#send(encodeConfigure(language));
  }

  /**
   * Sends what is left, waits for the last captions and ends.
   *
   * @returns {Promise<Closed | null>} the server's account; null when it gave none in time
   */
  stop() {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#drainTimer = this.#env.setTimer(() => this.#finish(null), DRAIN_TIMEOUT_MS);
      if (this.#session === null) this.#finish(null);
      else this.#pump();
    });
  }

  #greet() {
    const { session, resume_token } = this.#session ?? {};
    const resume =
      session && resume_token
        ? { session, resume_token, last_seq: this.#lastSeq, held_from: this.#history.start }
        : null;
    this.#socket.send(encodeStart({ room: this.#room, language: this.#language, resume }));
    this.#unheardMs = UNHEARD_LIMIT_MS - READY_TIMEOUT_MS;
    this.#sentSincePulse = true;
    this.#schedulePulse(READY_TIMEOUT_MS);
  }

  /** @param {ServerMessage} message */
  #heard(message) {
    this.#unheardMs = 0;
    if (message.type === 'ready' && !this.#adopt(message)) return;
    // Not `ready` itself: a server that dies right after it must not be called twice a second.
    if (message.type !== 'ready' && message.type !== 'error') this.#socket.healthy();
    if ('seq' in message) this.#lastSeq = Math.max(this.#lastSeq, message.seq);
    if (message.type === 'ack') this.#received = message.received;
    this.#handlers.onMessage(message);
    if (message.type === 'ready') this.#pump();
    if (message.type === 'closed' && this.#stopped) this.#finish(message);
  }

  /** @param {Ready} ready @returns {boolean} false when this session cannot be carried on */
  #adopt(ready) {
    const resumed = ready.resumed && ready.session === this.#session?.session;
    if (resumed && !this.#history.rewind(ready.resume_from)) {
      // The outage outlasted what we hold: a fresh session is honest, a wrong clock is not.
      this.#session = null;
      this.#socket.fail();
      return false;
    }
    if (!resumed) {
      this.#history.restart(this.#received);
      this.#lastSeq = 0;
    }
    this.#received = resumed ? ready.resume_from : 0;
    this.#session = ready;
    this.#live = true;
    this.#catchingUp = true;
    this.#schedulePulse(Math.min(PULSE_MS, (ready.limits.idle_s * 1000) / 3));
    return true;
  }

  /** @param {Loss} loss */
  #lost(loss) {
    this.#live = false;
    this.#stopSent = false;
    if (loss.code === TAKEN_OVER) this.#session = null;
    this.#env.clearTimer(this.#pulseTimer);
    this.#env.clearTimer(this.#pumpTimer);
    this.#handlers.onLost(loss);
    if (this.#stopped && !loss.willRetry) this.#finish(null);
  }

  /** Sends what waits, as far as the browser's buffer has room. */
  #pump() {
    if (!this.#live || !this.#socket.isOpen || this.#stopSent) return;
    this.#env.clearTimer(this.#pumpTimer);
    while (this.#history.unsent > 0 && this.#socket.bufferedAmount <= BUFFERED_LIMIT) {
      const samples = this.#history.take();
      if (!samples) break;
      this.#send(samples);
    }
    this.#catchingUp = this.#history.unsent > 0;
    if (this.#catchingUp) {
      this.#pumpTimer = this.#env.setTimer(() => this.#pump(), CATCH_UP_MS);
    } else if (this.#stopped) {
      this.#stopSent = true;
      this.#send(encodeStop());
    }
  }

  /** @param {string | ArrayBufferView<ArrayBuffer>} data */
  #send(data) {
    this.#sentSincePulse = true;
    this.#socket.send(data);
  }

  /** @param {number} ms */
  #schedulePulse(ms) {
    this.#env.clearTimer(this.#pulseTimer);
    this.#pulseTimer = this.#env.setTimer(() => this.#pulse(ms), ms);
  }

  /** @param {number} ms */
  #pulse(ms) {
    if (this.#sentSincePulse) {
      this.#unheardMs += ms;
      if (this.#unheardMs >= UNHEARD_LIMIT_MS) {
        this.#socket.fail();
        return;
      }
    } else if (this.#live && this.#socket.isOpen) {
      this.#socket.send(encodeKeepalive());
    }
    this.#sentSincePulse = false;
    this.#schedulePulse(ms);
  }

  /** @param {Closed | null} closed */
  #finish(closed) {
    for (const timer of [this.#drainTimer, this.#pulseTimer, this.#pumpTimer]) {
      this.#env.clearTimer(timer);
    }
    this.#live = false;
    this.#socket.close();
    this.#stopped?.(closed);
    this.#stopped = null;
  }
}
