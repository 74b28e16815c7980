// @ts-check
/**
 * Keeps the newest words in sight until the reader scrolls up, and again once they are back at the
 * end. It must not know what is being scrolled through.
 */

/** Closer to the end than this counts as being there. */
const NEAR_PX = 64;

export class FollowLive {
  #onChange;
  #isFollowing = true;
  #lastY = 0;
  #calm = window.matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {(isFollowing: boolean) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
    window.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    window.addEventListener('resize', () => this.contentChanged());
  }

  /** Call it after anything was added: scrolls on when the reader is following. */
  contentChanged() {
    if (this.#isFollowing) this.#toEnd();
  }

  /** Takes the reader back to the newest words. */
  jump() {
    this.#set(true);
    this.#toEnd();
  }

  #toEnd() {
    const top = document.documentElement.scrollHeight;
    window.scrollTo({ top, behavior: this.#calm.matches ? 'instant' : 'smooth' });
  }

  #scrolled() {
    const { scrollHeight, clientHeight } = document.documentElement;
    const isNearEnd = scrollHeight - clientHeight - window.scrollY < NEAR_PX;
    // Our own scrolling only ever goes down: it must not look like a reader leaving.
    if (isNearEnd) this.#set(true);
    else if (window.scrollY < this.#lastY) this.#set(false);
    this.#lastY = window.scrollY;
  }

  /** @param {boolean} isFollowing */
  #set(isFollowing) {
    if (this.#isFollowing === isFollowing) return;
    this.#isFollowing = isFollowing;
    this.#onChange(isFollowing);
  }
}
