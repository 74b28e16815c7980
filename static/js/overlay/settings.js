// @ts-check
/**
 * The gear and the settings behind it: a form for the whole table of options, with samples on the
 * screen that change as it is filled in, and the address that comes out. Only people see it; it is
 * loaded when one shows up.
 */
import { languageOfPage, setInterfaceLanguage, t } from '../i18n/i18n.js';
import { drawing, element } from '../page/element.js';
import { addressWith, USUAL } from './options.js';
import { sampleSteps } from './samples.js';
import { optionFields } from './settings-fields.js';
import { AddressField } from './settings-link.js';
import { obsFields } from './settings-obs.js';

/**
 * @typedef {import('./options.js').Options} Options
 * @typedef {object} Page
 * @property {import('./stage.js').Stage} stage
 * @property {import('./obs-outlet.js').ObsOutlet} outlet
 * @property {(options: Options) => void} apply
 * @property {Options} options as they are now
 */

/** How long the gear stays when nobody moves. */
const IDLE_MS = 4000;
const PAUSE_AFTER_FADING_MS = 2000;
const GEAR =
  'M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM19.4 13a7.6 7.6 0 0 0 0-2l2-1.6-2-3.4-2.4 1a7.6 ' +
  '7.6 0 0 0-1.7-1L15 3.5h-4l-.4 2.5a7.6 7.6 0 0 0-1.7 1l-2.4-1-2 3.4 2 1.6a7.6 7.6 0 0 0 0 2l-2 ' +
  '1.6 2 3.4 2.4-1a7.6 7.6 0 0 0 1.7 1l.4 2.5h4l.3-2.5a7.6 7.6 0 0 0 1.7-1l2.4 1 2-3.4z';
const BACKDROPS = ['scene', 'light', 'dark'];

export class Settings {
  #page;
  #isPinned;
  #options;
  #gear;
  /** @type {HTMLElement | null} */
  #panel = null;
  /** @type {{show: (options: Options) => void}[]} what shows the options */
  #shown = [];
  #idleTimer = 0;
  #sampleTimer = 0;

  /** @param {Page} page @param {{isPinned: boolean}} how pinned: the gear never goes away */
  constructor(page, { isPinned }) {
    this.#page = page;
    this.#isPinned = isPinned;
    this.#options = page.options;
    setInterfaceLanguage(languageOfPage());
    document.head.append(element('link', { rel: 'stylesheet', href: '/static/css/overlay-settings.css' }));
    this.#gear = element(
      'button', { type: 'button', class: 'gear', 'aria-expanded': 'false', 'aria-label': t('overlay.settings.open') },
      drawing(GEAR),
    );
    this.#gear.addEventListener('click', () => (this.#panel ? this.#close() : this.#open()));
    document.body.append(this.#gear);
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      addEventListener(type, () => this.#wake());
    }
    this.#wake();
  }

  /** Puts the keyboard on the gear. */
  focus() {
    this.#gear.focus();
  }

  #wake() {
    this.#gear.classList.remove('is-idle');
    clearTimeout(this.#idleTimer);
    if (this.#isPinned) return;
    this.#idleTimer = setTimeout(() => {
      const isUsed = this.#panel !== null || document.activeElement === this.#gear;
      if (!isUsed) this.#gear.classList.add('is-idle');
    }, IDLE_MS);
  }

  #open() {
    this.#panel = this.#newPanel();
    document.body.append(this.#panel);
    document.documentElement.classList.add('is-editing');
    this.#gear.setAttribute('aria-expanded', 'true');
    this.#show();
    this.#rehearse();
    /** @type {HTMLElement} */ (this.#panel.querySelector('h1')).focus();
  }

  #close() {
    this.#panel?.remove();
    this.#panel = null;
    clearTimeout(this.#sampleTimer);
    this.#page.outlet.watch(() => {});
    this.#page.stage.rehearse(null);
    document.documentElement.classList.remove('is-editing');
    this.#gear.setAttribute('aria-expanded', 'false');
    this.#gear.focus();
    this.#wake();
  }

  #newPanel() {
    const address = new AddressField();
    const fields = optionFields((name, value) => this.#change({ ...this.#options, [name]: value }));
    fields.groups.get('obs')?.append(...obsFields(this.#page.outlet));
    this.#shown = [address, fields];
    const reset = element('button', { type: 'button' }, t('overlay.settings.reset'));
    reset.addEventListener('click', () => this.#change({ ...USUAL, obs: this.#options.obs }));
    const close = element('button', { type: 'button', class: 'main' }, t('overlay.settings.close'));
    close.addEventListener('click', () => this.#close());
    const panel = element(
      'section', { class: 'settings', role: 'dialog', 'aria-labelledby': 'settings-title' },
      element('h1', { id: 'settings-title', tabindex: '-1' }, t('overlay.settings.title')),
      address.root,
      this.#backdropField(),
      ...fields.groups.values(),
      element('div', { class: 'row ends' }, reset, close),
    );
    panel.addEventListener('keydown', ({ key }) => key === 'Escape' && this.#close());
    return panel;
  }

  /** What the samples stand on; it is for trying only, and in no address. */
  #backdropField() {
    const menu = element('select', { id: 'backdrop' });
    for (const value of BACKDROPS) menu.append(element('option', { value }, t(`overlay.backdrop.${value}`)));
    menu.addEventListener('change', () => (document.documentElement.dataset.backdrop = menu.value));
    const label = element('label', { for: 'backdrop' }, t('overlay.settings.backdrop'));
    return element('div', { class: 'field is-backdrop' }, label, menu);
  }

  /** @param {Options} options */
  #change(options) {
    this.#options = Object.freeze(options);
    history.replaceState(null, '', addressWith(location, options));
    this.#page.apply(options);
    this.#show();
  }

  #show() {
    for (const part of this.#shown) part.show(this.#options);
  }

  #rehearse() {
    const sentences = [1, 2, 3, 4].map((count) => ({
      speaker: t(count === 3 ? 'overlay.sample.bob' : 'overlay.sample.ada'),
      text: t(`overlay.sample.${count}`),
    }));
    const pause = () => 1000 * (this.#options.hold + this.#options.fade) + PAUSE_AFTER_FADING_MS;
    const steps = sampleSteps(sentences, Math.min(pause(), 15_000));
    const next = () => {
      const { wait, event } = steps.next().value;
      this.#page.stage.rehearse(event);
      this.#sampleTimer = setTimeout(next, wait);
    };
    next();
  }
}
