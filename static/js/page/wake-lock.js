// @ts-check
/**
 * Keeps the screen on while someone is being captioned: a phone that locks takes the microphone
 * away. Where the browser does not offer it, nothing happens.
 */

export class ScreenWakeLock {
  #isWanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    // The browser lets go whenever the page is hidden.
    document.addEventListener('visibilitychange', () => this.#update());
  }

  /** @param {boolean} isWanted */
  set(isWanted) {
    this.#isWanted = isWanted;
    this.#update();
  }

  async #update() {
    if (!('wakeLock' in navigator)) return;
    if (!this.#isWanted) {
      await this.#lock?.release();
      this.#lock = null;
      return;
    }
    if (document.visibilityState !== 'visible' || this.#lock?.released === false) return;
    try {
      this.#lock = await navigator.wakeLock.request('screen');
    } catch {
      // Low battery or a policy: the captions work without it.
      this.#lock = null;
    }
  }
}
