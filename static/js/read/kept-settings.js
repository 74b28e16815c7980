// @ts-check
/**
 * The reader's settings: kept in this browser, the same on every page of the server and in every
 * open window. Without storage they last as long as the page.
 */
import { keepStored, onStoredElsewhere, readStored } from '../page/stored.js';
import { parseSettings, USUAL, validSettings, writeSettings } from './settings.js';

/** @typedef {import('./settings.js').Settings} Settings */

const STORED_NAME = 'reading';

export class KeptSettings {
  /** @type {Settings} */
  #current = parseSettings(readStored(STORED_NAME));
  /** @type {Set<(settings: Settings) => void>} */
  #listeners = new Set();

  constructor() {
    onStoredElsewhere(STORED_NAME, (text) => this.#set(parseSettings(text)));
  }

  get current() {
    return this.#current;
  }

  /** @param {(settings: Settings) => void} listener called now and after each change */
  follow(listener) {
    this.#listeners.add(listener);
    listener(this.#current);
  }

  /** @param {Partial<Settings>} changes what is not valid in them counts as usual */
  change(changes) {
    this.#set(validSettings({ ...this.#current, ...changes }));
    keepStored(STORED_NAME, writeSettings(this.#current));
  }

  /** Everything as it was before the first change. */
  reset() {
    this.change(USUAL);
  }

  /** @param {Settings} settings */
  #set(settings) {
    this.#current = settings;
    for (const listener of this.#listeners) listener(settings);
  }
}
