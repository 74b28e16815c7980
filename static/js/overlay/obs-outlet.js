// @ts-check
/**
 * The switch for stream captions: what is needed for them is loaded when somebody wants them. It
 * must not know how captions get to OBS.
 */
import { readObsSettings } from './obs-settings.js';

/** @typedef {import('./obs-websocket.js').ObsState} ObsState */

export class ObsOutlet {
  /** @type {import('./obs-captions.js').ObsCaptions | null} */
  #captions = null;
  #isOn = false;
  /** @type {ObsState | null} */
  #state = null;
  /** @type {(state: ObsState | null) => void} */
  #onState = () => {};

  /** @param {boolean} isOn */
  async turn(isOn) {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    await this.restart();
  }

  /** Takes up settings that have changed. */
  async restart() {
    this.#captions?.close();
    this.#captions = null;
    this.#tell(null);
    if (!this.#isOn) return;
    const { ObsCaptions } = await import('./obs-captions.js');
    if (!this.#isOn || this.#captions) return;
    this.#tell('connecting');
    this.#captions = new ObsCaptions(readObsSettings(), (state) => this.#tell(state));
  }

  /** @param {import('../net/protocol.js').CaptionMessage} event */
  receive(event) {
    this.#captions?.receive(event);
  }

  /** @param {(state: ObsState | null) => void} onState told now and of each change; null is off */
  watch(onState) {
    this.#onState = onState;
    onState(this.#state);
  }

  /** @param {ObsState | null} state */
  #tell(state) {
    this.#state = state;
    this.#onState(state);
  }
}
