// @ts-check
/**
 * The captions on the page: model, view and the page's clock joined. It shows the room's captions,
 * or for a while samples in their place. It must not know where captions come from.
 */
import { Fit } from './fit.js';
import { RollUp } from './roll-up.js';
import { RowsView } from './rows-view.js';
import { dress } from './style.js';

/**
 * @typedef {import('./options.js').Options} Options
 * @typedef {import('../net/protocol.js').CaptionMessage} CaptionMessage
 */

/** @param {Options} options @returns {import('./roll-up.js').RollUpOptions} */
function rollUpOptions({ lines, width, least, hold, fade, partials, names, breaks }) {
  return {
    lines, width, partials, names, breaks,
    leastMs: 1000 * least, holdMs: 1000 * hold, fadeMs: 1000 * fade,
  };
}

export class Stage {
  #overlay;
  #options;
  #fit;
  #view;
  #room;
  /** @type {RollUp | null} shown in place of the room's captions */
  #samples = null;
  #timer = 0;
  #isRenderPlanned = false;
  #wasQuiet = true;
  #onQuiet;

  /**
   * @param {HTMLElement} overlay
   * @param {Options} options
   * @param {(offset: number) => void} [onQuiet] told when all of the room's text has been shown
   */
  constructor(overlay, options, onQuiet = () => {}) {
    const lines = /** @type {HTMLElement} */ (overlay.querySelector('.caption-lines'));
    this.#overlay = overlay;
    this.#options = options;
    this.#onQuiet = onQuiet;
    this.#view = new RowsView(/** @type {HTMLElement} */ (overlay.querySelector('.caption-strip')));
    dress(document.documentElement, overlay, options);
    this.#fit = new Fit(lines);
    this.#fit.refresh();
    this.#room = this.#newRollUp();
    new ResizeObserver(() => this.#layAnew(false)).observe(lines);
  }

  /** @returns {number} of the room's last event */
  get offset() {
    return this.#room.offset;
  }

  /** @param {CaptionMessage} event of the room */
  receive(event) {
    this.#layAnew(false);
    this.#room.receive(event, performance.now());
    this.#planRender();
  }

  /** Lets what was said so far pass unseen. */
  skip() {
    this.#room.skip();
    this.#planRender();
  }

  /** Forgets everything, as if the page had just been opened. */
  restart() {
    this.#room = this.#newRollUp();
    this.#planRender();
  }

  /** @param {Options} options from now on */
  restyle(options) {
    this.#options = options;
    dress(document.documentElement, this.#overlay, options);
    this.#layAnew(true);
  }

  /** @param {CaptionMessage | null} event a sample; null shows the room again */
  rehearse(event) {
    if (event === null) this.#samples = null;
    else {
      this.#samples ??= this.#newRollUp();
      this.#samples.receive(event, performance.now());
    }
    this.#planRender();
  }

  #newRollUp() {
    return new RollUp(rollUpOptions(this.#options), this.#fit.fits);
  }

  /** @param {boolean} always also when all looks the same */
  #layAnew(always) {
    if (!this.#fit.refresh() && !always) return;
    const now = performance.now();
    const options = rollUpOptions(this.#options);
    this.#room = this.#room.relaid(options, this.#fit.fits, now);
    this.#samples = this.#samples?.relaid(options, this.#fit.fits, now) ?? null;
    this.#planRender();
  }

  #planRender() {
    if (!this.#isRenderPlanned) requestAnimationFrame(() => this.#render());
    this.#isRenderPlanned = true;
  }

  #render() {
    this.#isRenderPlanned = false;
    const now = performance.now();
    this.#room.advance(now);
    this.#samples?.advance(now);
    const shown = this.#samples ?? this.#room;
    const isQuiet = shown.isQuiet(now);
    if (this.#overlay.classList.contains('is-quiet') !== isQuiet) this.#overlay.classList.toggle('is-quiet');
    this.#view.render(shown.rows, {
      lines: this.#options.lines, base: shown.base, anchor: this.#options.anchor,
    });
    this.#tellQuiet(now);
    clearTimeout(this.#timer);
    const next = Math.min(shown.nextAt(now), this.#room.nextAt(now));
    if (next < Infinity) this.#timer = setTimeout(() => this.#render(), Math.max(1, next - now));
  }

  /** @param {number} now */
  #tellQuiet(now) {
    const isQuiet = this.#room.isQuiet(now);
    if (isQuiet && !this.#wasQuiet) this.#onQuiet(this.#room.offset);
    this.#wasQuiet = isQuiet;
  }
}
