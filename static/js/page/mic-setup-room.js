// @ts-check
/** The room's name, and the way to another room. */
import { isRoomName } from '../net/address.js';
import { element } from './element.js';

export class SetupRoom {
  root;
  #input;
  #go = element('button', { type: 'submit', class: 'quiet-button', 'data-i18n': 'mic.setup.room.go' });
  #note = element('p', { id: 'setup-room-note', class: 'note', 'data-i18n': 'mic.setup.room.note' });
  #live = element('p', { class: 'note', 'data-i18n': 'mic.setup.room.live', hidden: true });

  /** @param {string} room @param {(room: string) => string} addressOf */
  constructor(room, addressOf) {
    this.#input = element('input', {
      id: 'setup-room', type: 'text', value: room, maxlength: '64', autocomplete: 'off',
      autocapitalize: 'none', spellcheck: 'false', required: true, 'aria-describedby': 'setup-room-note',
      lang: '', dir: 'ltr',
    });
    this.root = element(
      'form', { class: 'field' },
      element('label', { for: 'setup-room', class: 'field-name', 'data-i18n': 'mic.setup.room' }),
      element('div', { class: 'with-button' }, this.#input, this.#go),
      this.#note,
      this.#live,
    );
    this.#input.addEventListener('input', () => this.#judge());
    this.root.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#judge() && this.#input.value !== room) location.assign(addressOf(this.#input.value));
    });
  }

  /** @param {boolean} isLive a session belongs to its room */
  showLive(isLive) {
    this.#input.disabled = isLive;
    this.#go.disabled = isLive;
    this.#live.hidden = !isLive;
  }

  /** @returns {boolean} whether it can be a room's name */
  #judge() {
    const isRight = isRoomName(this.#input.value);
    this.#input.setAttribute('aria-invalid', String(!isRight));
    this.#note.classList.toggle('is-wrong', !isRight);
    return isRight;
  }
}
