// @ts-check
/**
 * Links for readers that can be taken back. The address of one is known only where it was made, and
 * only as long as the page is open; after that it can still be taken back.
 */
import { interfaceLanguage, localise, onInterfaceLanguage, t } from '../i18n/i18n.js';
import { viewerAddress } from '../net/address.js';
import { RoomLinks } from '../net/room-links.js';
import { AddressField, button } from './address-field.js';
import { element } from './element.js';

/** @typedef {import('../net/room-links.js').RoomLink} RoomLink */

export class MicLinks {
  root;
  #links;
  #viewer;
  #said;
  #list = element('ul', { class: 'links' });
  #make;
  #note = element('p', { id: 'links-note', class: 'note', 'data-i18n': 'mic.links.note' });
  #access;
  /** @type {RoomLink[]} */
  #good = [];
  /** @type {Map<string, AddressField>} by id: addresses that this page knows */
  #addresses = new Map();

  /**
   * @param {import('../net/address.js').Address} page
   * @param {string} room
   * @param {import('../net/access.js').Access} access
   * @param {import('./address-field.js').Said} said
   */
  constructor(page, room, access, said) {
    this.#links = new RoomLinks(page, room, access);
    this.#access = access;
    this.#viewer = viewerAddress(page, room);
    this.#said = said;
    this.#make = button('mic.links.make', () => void this.#try(() => this.#add()));
    this.#make.setAttribute('aria-describedby', 'links-note');
    this.root = element(
      'section', { class: 'share-links', 'aria-labelledby': 'links-title' },
      element('h3', { id: 'links-title', class: 'field-name', 'data-i18n': 'mic.links' }),
      this.#note,
      this.#list,
      element('div', { class: 'share-ways' }, this.#make),
    );
    onInterfaceLanguage(() => this.#show());
  }

  /** Asks the server which links there are. */
  async refresh() {
    // Where keys are asked for, the room is locked: every link can be taken back.
    this.#note.hidden = this.#access.isRequired;
    try {
      this.#good = await this.#links.list();
    } catch {
      // Those that are known stay; whoever presses a button learns that the server does not answer.
    }
    this.#show();
  }

  async #add() {
    const { token, ...link } = await this.#links.make();
    const field = new AddressField(`link-${link.id}`, {
      label: 'mic.links.new', note: 'mic.links.once', isToSend: true, said: this.#said,
    });
    field.show(`${this.#viewer}#t=${token}`);
    this.#addresses.set(link.id, field);
    this.#good = [link, ...this.#good];
    this.#show();
    field.input.focus();
  }

  /** @param {string} id */
  async #revoke(id) {
    await this.#links.revoke(id);
    this.#addresses.delete(id);
    this.#good = this.#good.filter((link) => link.id !== id);
    this.#show();
    // Its button is gone, and the focus with it.
    this.#make.focus();
    this.#said.say(t('mic.links.revoked'));
  }

  /** @param {() => Promise<void>} act */
  async #try(act) {
    try {
      await act();
    } catch {
      this.#said.say(t('mic.links.failed'));
    }
  }

  #show() {
    this.#list.hidden = this.#good.length === 0;
    this.#list.replaceChildren(...this.#good.map((link) => this.#item(link)));
    localise(this.#list);
  }

  /** @param {RoomLink} link */
  #item({ id, createdAt }) {
    const style = /** @type {const} */ ({ dateStyle: 'medium', timeStyle: 'short' });
    const time = new Date(createdAt).toLocaleString(interfaceLanguage(), style);
    const revoke = button('mic.links.revoke', () => void this.#try(() => this.#revoke(id)));
    revoke.setAttribute('aria-label', t('mic.links.revoke.which', { time }));
    const field = this.#addresses.get(id);
    return element(
      'li', { class: 'link' },
      ...(field ? [field.root] : []),
      element('div', { class: 'link-row' }, element('span', {}, t('mic.links.made', { time })), revoke),
    );
  }
}
