// @ts-check
/**
 * The captions in a small window above all others, where the browser has such windows; elsewhere the
 * viewer page in a window of its own. It must not know where lines come from.
 */
import { CaptionView } from '../caption/caption-view.js';
import { t } from '../i18n/i18n.js';
import { element } from '../page/element.js';
import { FollowLive } from '../page/follow-live.js';
import { dress } from './appearance.js';

/**
 * @typedef {import('../caption/caption-lines.js').Line} Line
 * @typedef {import('./settings.js').Settings} Settings
 * @typedef {{requestWindow: (size: {width: number, height: number}) => Promise<Window>}} Pictures
 *   the part of `documentPictureInPicture` that is used
 */

/** A small window shows what was said just now; the rest is on the page. */
const MOST_LINES = 30;
const SIZE = { width: 560, height: 240 };

/** @returns {Pictures | undefined} */
const pictures = () => /** @type {any} */ (window).documentPictureInPicture;

/** Whether a window of its own is worth a button: a phone has none. @param {boolean} hasPage */
export function canPopOut(hasPage) {
  if (pictures()) return true;
  return hasPage && window.matchMedia('(hover: hover) and (pointer: fine)').matches;
}

export class PopOut {
  #viewerUrl;
  #onChange;
  /** @type {Window | null} */
  #window = null;
  /** @type {CaptionView | null} */
  #view = null;
  /** @type {FollowLive | null} */
  #follow = null;

  /**
   * @param {(() => Promise<string>) | null} viewerUrl
   * @param {(isOpen: boolean) => void} onChange
   */
  constructor(viewerUrl, onChange) {
    this.#viewerUrl = viewerUrl;
    this.#onChange = onChange;
  }

  get isOpen() {
    return this.#window !== null;
  }

  /** The window whose clock to draw by: a hidden page has none of its own. @returns {Window} */
  get drawingWindow() {
    return this.#window ?? window;
  }

  /** Call it inside a click. */
  async toggle() {
    if (this.#window) {
      this.#window.close();
      return;
    }
    const source = pictures();
    if (source) this.#furnish(await source.requestWindow(SIZE));
    else if (this.#viewerUrl) {
      // Opened inside the click, or the browser takes it for an advertisement; then led there.
      const opened = window.open('', 'livecaption', `popup,width=${SIZE.width},height=${SIZE.height}`);
      if (opened) opened.location.href = await this.#viewerUrl();
    }
  }

  /** @param {Settings} settings */
  dress(settings) {
    if (this.#window) dress(settings, this.#window.document.documentElement);
  }

  /** @param {readonly Line[]} lines @param {ReadonlyMap<string, string>} stamps */
  render(lines, stamps) {
    this.#view?.render(lines.slice(-MOST_LINES), stamps);
    this.#follow?.contentChanged();
  }

  /** @param {Window} opened */
  #furnish(opened) {
    const page = opened.document;
    for (const sheet of document.querySelectorAll('link[rel="stylesheet"]')) {
      const link = element('link', { rel: 'stylesheet', href: /** @type {HTMLLinkElement} */ (sheet).href });
      // The lines are there first, in the browser's own style, and another height.
      link.addEventListener('load', () => this.#follow?.contentChanged());
      page.head.append(link);
    }
    page.title = document.title;
    page.documentElement.lang = document.documentElement.lang;
    page.documentElement.dir = document.documentElement.dir;
    const captions = element('section', { class: 'captions', lang: '', 'aria-label': t('read.captions') });
    page.body.className = 'is-picture';
    page.body.append(element('main', {}, captions));
    this.#window = opened;
    this.#view = new CaptionView(captions);
    this.#follow = new FollowLive(() => {}, opened);
    opened.addEventListener('pagehide', () => {
      this.#window = null;
      this.#view = null;
      this.#follow = null;
      this.#onChange(false);
    });
    this.#onChange(true);
  }
}
