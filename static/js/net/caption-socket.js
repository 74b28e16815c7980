// @ts-check
/**
 * The publisher's conversation: audio up, captions down, over connections that may break.
 *
 * It owns the audio that the server may not have, offers to resume after each loss, sends again from
 * where the server wants it, and keeps every buffer bounded: audio that can reach no server any more
 * is counted and reported. It must not know about microphones or the page.
 */
import { AudioHistory, SAMPLE_RATE } from './audio-history.js';
import { Eagerness } from './eagerness.js';
import { Heartbeat } from './heartbeat.js';
import {
  encodeConfigure, encodeFinalize, encodeKeepalive, encodeStart, encodeStop,
} from './protocol.js';
import { BROWSER, ReconnectingSocket } from './reconnecting-socket.js';
import { Rivals, TAKEN_OVER } from './rivals.js';
import { SendBudget } from './send-budget.js';

/** Five seconds of audio inside the browser's socket: what is in there can be recalled no more. */
export const BUFFERED_LIMIT = 160_000;
/** Kept when the network took too little for so long that audio had to be forgotten unsent. */
const KEPT_WHEN_TOO_SLOW = 45 * SAMPLE_RATE;
/** How long to say nothing before a `keepalive`. */
const QUIET_MS = 10_000;
const CATCH_UP_MS = 100;
/** Chunks come every 100 ms: what was sent longer ago than this was the last of a stream. */
const FLOWING_MS = 1000;
/** After `stop`, how long to wait for the next word of a server that is there. */
const DRAIN_MS = 20_000;
/** And how long for one that is not: as long as an outage may last without loss. */
const RETURN_MS = 60_000;

/**
 * @typedef {import('./protocol.js').ServerMessage} ServerMessage
 * @typedef {import('./protocol.js').Ready} Ready
 * @typedef {import('./protocol.js').Closed} Closed
 * @typedef {import('./protocol.js').Speech} Speech
 * @typedef {import('./protocol.js').SpeechChanges} SpeechChanges
 * @typedef {import('./reconnecting-socket.js').Loss} Loss
 *
 * @typedef {object} Checkpoint what a page needs to go on with a session after it was reloaded
 * @property {string} session
 * @property {string} resume_token
 * @property {number} last_seq
 * @property {number} position sample index of the next sample to be captured
 *
 * @typedef {object} Options
 * @property {string} url
 * @property {import('./reconnecting-socket.js').Protocols} protocols
 * @property {string} room
 * @property {Speech} speech
 * @property {Checkpoint | null} [checkpoint] of the session to go on with
 *
 * @typedef {object} CaptionHandlers
 * @property {(message: ServerMessage) => void} onMessage everything the server says, `ready` first
 * @property {(loss: Loss) => void} onLost the connection is gone; with `willRetry` false for good
 * @property {(samples: number) => void} onDropped in all, of audio that was never sent
 */

export class CaptionSocket {
  #socket;
  #handlers;
  #env;
  #room;
  #speech;
  #history;
  #heartbeat;
  #rivals;
  #eagerness;
  #budget;
  /** @type {{session: string, resume_token: string} | null} */
  #session;
  #lastSeq;
  /** Samples of this session that the server has said to have. */
  #received;
  #live = false;
  #dropped = 0;
  #pumpTimer = 0;
  #drainTimer = 0;
  #stopSent = false;
  /** @type {((closed: Closed | null) => void) | null} set once `stop` was called */
  #stopped = null;

  /**
   * @param {Options} options
   * @param {CaptionHandlers} handlers
   * @param {import('./reconnecting-socket.js').Environment} env
   */
  constructor({ url, protocols, room, speech, checkpoint = null }, handlers, env = BROWSER) {
    this.#room = room;
    this.#speech = speech;
    this.#handlers = handlers;
    this.#env = env;
    this.#session = checkpoint;
    this.#lastSeq = checkpoint?.last_seq ?? 0;
    this.#received = checkpoint?.position ?? 0;
    this.#history = new AudioHistory(this.#received);
    this.#budget = new SendBudget(env.now());
    this.#rivals = new Rivals(env);
    this.#eagerness = new Eagerness(env);
    this.#heartbeat = new Heartbeat(env, {
      onSilent: () => this.#socket.fail(),
      onQuiet: () => this.#live && this.#say(encodeKeepalive(), false),
    });
    const on = {
      onOpen: () => this.#greet(),
      onMessage: (/** @type {ServerMessage} */ message) => this.#heard(message),
      onLost: (/** @type {Loss} */ loss) => this.#lost(loss),
      isEager: () => this.#session !== null && this.#eagerness.isEager,
    };
    this.#socket = new ReconnectingSocket(url, protocols, on, env);
  }

  /** Seconds of audio that were captured and not sent yet. */
  get unsentSeconds() {
    return this.#history.unsent / SAMPLE_RATE;
  }

  /** @returns {Checkpoint | null} null before the first `ready` and after another page took over */
  get checkpoint() {
    if (!this.#session) return null;
    const { session, resume_token } = this.#session;
    return { session, resume_token, last_seq: this.#lastSeq, position: this.#history.end };
  }

  /** Connects now; also ends a pause between attempts early. */
  open() {
    this.#socket.open();
  }

  /** The network has changed: asks a connection for a sign of life, or tries at once to get one. */
  check() {
    if (!this.#socket.isOpen) this.#socket.retry();
    if (!this.#live || !this.#socket.isOpen) return;
    // Audio is answered anyway; only when none flows is a question needed, and cuts no sentence.
    if (this.#heartbeat.sentAgo > FLOWING_MS) this.#say(encodeFinalize(), true);
    this.#heartbeat.hurry();
  }

  /** @param {Int16Array<ArrayBuffer>} samples 16 kHz mono; kept by reference */
  sendAudio(samples) {
    let lost = this.#history.append(samples);
    if (lost > 0) {
      // A connected server counts samples: only a resumed session can be told that some are gone.
      if (this.#live) {
        lost += this.#history.keepNewest(KEPT_WHEN_TOO_SLOW);
        this.#socket.fail();
      }
      this.#dropped += lost;
      this.#handlers.onDropped(this.#dropped);
    }
    this.#pump();
  }

  /** Closes the open utterance now: no more audio comes for a while. */
  finalize() {
    if (this.#live && this.#socket.isOpen) this.#say(encodeFinalize(), true);
  }

  /** @param {SpeechChanges} changes from the next utterance on, and on every later connection */
  configure(changes) {
    this.#speech = { ...this.#speech, ...changes };
    if (this.#live && this.#socket.isOpen) this.#say(encodeConfigure(changes), false);
  }

  /**
   * Sends what is left, waits for the last captions and ends.
   *
   * @returns {Promise<Closed | null>} the server's account; null when it gave none in time
   */
  stop() {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#awaitEnd(this.#live ? DRAIN_MS : RETURN_MS);
      if (this.#session === null) this.#finish(null);
      else this.#pump();
    });
  }

  /** Ends at once, without the last captions if they have not come yet. */
  abandon() {
    this.#finish(null);
  }

  #greet() {
    const { session, resume_token } = this.#session ?? {};
    const resume =
      session && resume_token
        ? { session, resume_token, last_seq: this.#lastSeq, held_from: this.#history.start }
        : null;
    this.#heartbeat.start(Infinity);
    this.#say(encodeStart({ room: this.#room, ...this.#speech, resume }), true);
  }

  /** @param {ServerMessage} message */
  #heard(message) {
    this.#heartbeat.heard();
    if (message.type === 'ready' && !this.#adopt(message)) return;
    // Not `ready` itself: a server that dies right after it must not be called twice a second.
    if (message.type !== 'ready' && message.type !== 'error') {
      this.#socket.healthy();
      this.#eagerness.healthy();
    }
    if ('seq' in message) this.#lastSeq = Math.max(this.#lastSeq, message.seq);
    if (message.type === 'ack') this.#received = message.received;
    if (this.#stopped) this.#awaitEnd(DRAIN_MS);
    this.#handlers.onMessage(message);
    if (message.type === 'ready') this.#pump();
    if (message.type === 'closed' && this.#stopped) this.#finish(message);
  }

  /** @param {Ready} ready @returns {boolean} false when this session cannot be carried on */
  #adopt(ready) {
    const resumed = ready.resumed && ready.session === this.#session?.session;
    if (resumed && !this.#history.resume(ready.resume_from)) {
      // It asks for more than it was offered: a fresh session is honest, a wrong clock is not.
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
    this.#eagerness.greeted();
    this.#budget = new SendBudget(this.#env.now());
    this.#heartbeat.start(Math.min(QUIET_MS, (ready.limits.idle_s * 1000) / 3));
    return true;
  }

  /** @param {Loss} loss */
  #lost(loss) {
    this.#live = false;
    this.#stopSent = false;
    this.#heartbeat.stop();
    this.#env.clearTimer(this.#pumpTimer);
    const isOver = loss.code === TAKEN_OVER && !this.#rivals.mayBeOurOwn();
    if (isOver) {
      this.#session = null;
      this.#socket.close();
    }
    if (loss.opened) this.#rivals.lost(loss.code);
    const willRetry = loss.willRetry && !isOver;
    this.#handlers.onLost({ ...loss, willRetry });
    if (!this.#stopped) return;
    if (willRetry) this.#awaitEnd(RETURN_MS);
    else this.#finish(null);
  }

  /** Sends what waits, as far as the browser's buffer and the server's patience have room. */
  #pump() {
    if (!this.#live || !this.#socket.isOpen || this.#stopSent) return;
    this.#env.clearTimer(this.#pumpTimer);
    const now = this.#env.now();
    while (this.#socket.bufferedAmount <= BUFFERED_LIMIT && this.#budget.available(now) > 0) {
      const samples = this.#history.take();
      if (!samples) break;
      this.#budget.spend(samples.length);
      this.#say(samples, true);
    }
    if (this.#history.unsent > 0) {
      this.#pumpTimer = this.#env.setTimer(() => this.#pump(), CATCH_UP_MS);
    } else if (this.#stopped) {
      this.#stopSent = true;
      this.#say(encodeStop(), true);
    }
  }

  /** @param {string | ArrayBufferView<ArrayBuffer>} data @param {boolean} isAnswered */
  #say(data, isAnswered) {
    this.#heartbeat.sent(isAnswered);
    this.#socket.send(data);
  }

  /** @param {number} ms until `stop` gives up */
  #awaitEnd(ms) {
    this.#env.clearTimer(this.#drainTimer);
    this.#drainTimer = this.#env.setTimer(() => this.#finish(null), ms);
  }

  /** @param {Closed | null} closed */
  #finish(closed) {
    this.#heartbeat.stop();
    for (const timer of [this.#drainTimer, this.#pumpTimer]) this.#env.clearTimer(timer);
    this.#live = false;
    this.#socket.close();
    this.#stopped?.(closed);
    this.#stopped = null;
  }
}
