// @ts-check
/**
 * A dialog with a heading and a way out, the same for all dialogs of reading: Escape, its button and
 * a click beside it close it, and the focus returns to where it was.
 */
import { drawing, element } from '../page/element.js';
import { ICONS } from './icons.js';

export class Modal {
  root;
  #opener = /** @type {HTMLElement | null} */ (null);

  /**
   * @param {string} name for ids and classes
   * @param {string} titleKey of the heading
   * @param {...Node} children
   */
  constructor(name, titleKey, ...children) {
    const close = element(
      'button',
      { type: 'button', class: 'modal-close', 'data-i18n-attr': 'aria-label:read.close,title:read.close' },
      drawing(ICONS.close),
    );
    this.root = element(
      'dialog',
      { class: 'modal', id: name, 'aria-labelledby': `${name}-title` },
      element(
        'div',
        { class: 'modal-head' },
        element('h2', { id: `${name}-title`, class: 'modal-title', 'data-i18n': titleKey }),
        close,
      ),
      element('div', { class: 'modal-body' }, ...children),
    );
    close.addEventListener('click', () => this.close());
    this.root.addEventListener('click', ({ target }) => {
      if (target === this.root) this.close();
    });
    this.root.addEventListener('close', () => this.#opener?.focus());
  }

  open() {
    this.#opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.root.showModal();
  }

  close() {
    this.root.close();
  }
}
