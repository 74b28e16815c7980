// @ts-check
/** Stream captions on their way to OBS: the room's events, paced, into OBS's WebSocket. */
import { PAGE_CLOCK } from './delay-line.js';
import { obsAddress } from './obs-settings.js';
import { ObsSocket } from './obs-websocket.js';
import { StreamCaptions } from './stream-captions.js';

/**
 * @typedef {import('./obs-settings.js').ObsSettings} ObsSettings
 * @typedef {import('./obs-websocket.js').ObsState} ObsState
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 */

export class ObsCaptions {
  #socket;
  #captions = new StreamCaptions();
  #clock;
  #timer = 0;

  /**
   * @param {ObsSettings} settings
   * @param {(state: ObsState) => void} onState
   * @param {import('./delay-line.js').Clock} clock
   * @param {import('./obs-websocket.js').ObsEnvironment} [env]
   */
  constructor(settings, onState, clock = PAGE_CLOCK, env) {
    this.#clock = clock;
    this.#socket = new ObsSocket({ url: obsAddress(settings), password: settings.password }, onState, env);
    this.#socket.open();
  }

  /** @param {CaptionMessage} event */
  receive(event) {
    this.#captions.receive(event, this.#clock.now());
    this.#pump();
  }

  close() {
    this.#clock.clearTimer(this.#timer);
    this.#socket.close();
  }

  #pump() {
    this.#clock.clearTimer(this.#timer);
    const now = this.#clock.now();
    const text = this.#captions.due(now);
    // What OBS cannot take now would be old when it can.
    if (text !== null) this.#socket.caption(text);
    const { dueAt } = this.#captions;
    if (dueAt < Infinity) this.#timer = this.#clock.setTimer(() => this.#pump(), Math.max(1, dueAt - now));
  }
}
