// @ts-check
/**
 * Keeps the newest words in sight until the reader scrolls up, and again once they are back at the
 * end. It must not know what is being scrolled through.
 */

/** Closer to the end than this counts as being there. */
const NEAR_PX = 64;
/** Further than this many windows, gliding would be a journey. */
const LONGEST_GLIDE = 1.5;

export class FollowLive {
  #onChange;
  #view;
  #isFollowing = true;
  #lastY = 0;
  #calm;

  /**
   * @param {(isFollowing: boolean) => void} onChange
   * @param {Window} view the window whose page is scrolled
   */
  constructor(onChange, view = window) {
    this.#onChange = onChange;
    this.#view = view;
    this.#calm = view.matchMedia('(prefers-reduced-motion: reduce)');
    view.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    view.addEventListener('resize', () => this.contentChanged());
  }

  get isFollowing() {
    return this.#isFollowing;
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

  /** Stays where it is, although words may be added below. */
  stay() {
    this.#set(false);
  }

  #toEnd() {
    const { scrollHeight, clientHeight } = this.#view.document.documentElement;
    const way = scrollHeight - clientHeight - this.#view.scrollY;
    const isGlide = !this.#calm.matches && way <= LONGEST_GLIDE * clientHeight;
    this.#view.scrollTo({ top: scrollHeight, behavior: isGlide ? 'smooth' : 'instant' });
  }

  #scrolled() {
    const { scrollHeight, clientHeight } = this.#view.document.documentElement;
    const { scrollY } = this.#view;
    const isNearEnd = scrollHeight - clientHeight - scrollY < NEAR_PX;
    // Our own scrolling only ever goes down: it must not look like a reader leaving.
    if (isNearEnd) this.#set(true);
    else if (scrollY < this.#lastY) this.#set(false);
    this.#lastY = scrollY;
  }

  /** @param {boolean} isFollowing */
  #set(isFollowing) {
    if (this.#isFollowing === isFollowing) return;
    this.#isFollowing = isFollowing;
    this.#onChange(isFollowing);
  }
}
