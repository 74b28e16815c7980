// @ts-check
/**
 * What is offered to a reader who is not at the newest words: to go on from a held place, or to jump
 * to live. It decides nothing.
 */
import { t } from '../i18n/i18n.js';
import { drawing, element } from '../page/element.js';
import { ICONS } from './icons.js';

export class ReadingBar {
  #place;
  #news = element('p', { class: 'held-news' });
  #goOn = element(
    'button', { type: 'button', class: 'jump', id: 'go-on' },
    drawing(ICONS.goOn), element('span', { 'data-i18n': 'read.go-on' }),
  );
  #jump = element(
    'button', { type: 'button', class: 'jump is-main', id: 'jump' },
    drawing(ICONS.live), element('span', { 'data-i18n': 'read.jump' }),
  );

  /**
   * @param {HTMLElement} place an empty element
   * @param {{goOn: () => void, jump: () => void}} actions
   */
  constructor(place, { goOn, jump }) {
    this.#place = place;
    place.classList.add('reading-bar');
    place.append(this.#news, this.#goOn, this.#jump);
    this.#goOn.addEventListener('click', goOn);
    this.#jump.addEventListener('click', jump);
    this.show({ news: null, isFollowing: true });
  }

  /**
   * @param {object} state
   * @param {number | null} state.news finished lines since the captions are held; null when they are not
   * @param {boolean} state.isFollowing whether the newest words are in sight
   */
  show({ news, isFollowing }) {
    const isHeld = news !== null;
    this.#place.hidden = !isHeld && isFollowing;
    this.#news.hidden = !isHeld;
    this.#goOn.hidden = !isHeld;
    this.#jump.hidden = !isHeld && isFollowing;
    const text = isHeld ? t('read.held', { count: news }) : '';
    if (this.#news.textContent !== text) this.#news.textContent = text;
  }
}
