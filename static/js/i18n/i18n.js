// @ts-check
/**
 * The interface in the reader's language: `t('key', {name: value})` gives a sentence, `localise`
 * fills a page's elements. The language of the captions is another matter, and none of ours.
 *
 *     <button data-i18n="read.settings">Reading settings</button>
 *     <nav data-i18n-attr="aria-label:read.tools">
 *     <p data-i18n="mic.sent">Sent to <b data-i18n-slot="server">…</b> only.</p>   "Sent to {server} only."
 *
 * A page begins with `setInterfaceLanguage(languageOfPage())`, and calls `localise` for what it adds
 * later. It must not know what the sentences are about.
 */
import { keepStored, readStored } from '../page/stored.js';
import { LANGUAGES, STRINGS } from './strings.js';

/**
 * @typedef {string | {other: string, [category: string]: string}} Entry a sentence with `{name}`
 *   places; one form for each plural category of `{count}` where the number changes the sentence
 * @typedef {Record<string, Record<string, Entry>>} Tables language → key → sentence
 * @typedef {Record<string, string | number>} Values numbers are written as the language does
 */

const FALLBACK = 'en';
const STORED_NAME = 'language';
const PLACE = /\{(\w+)\}/g;

let current = FALLBACK;
/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {string | null | undefined} tag BCP 47 @returns {string | null} the code we have for it */
function known(tag) {
  const code = (tag ?? '').toLowerCase().split('-')[0];
  return LANGUAGES.some((language) => language.code === code) ? code : null;
}

/**
 * @param {object} [from] what tests replace
 * @param {string} [from.href] of the page; `?ui=xx` wins
 * @param {string | null} [from.chosen] earlier, by the reader
 * @param {readonly string[]} [from.preferred] by the browser, the best first
 * @returns {string} the code of one of `LANGUAGES`
 */
export function languageOfPage({
  href = globalThis.location?.href,
  chosen = readStored(STORED_NAME),
  preferred = globalThis.navigator?.languages ?? [],
} = {}) {
  const asked = href ? new URL(href).searchParams.get('ui') : null;
  for (const tag of [asked, chosen, ...preferred]) {
    const code = known(tag);
    if (code) return code;
  }
  return FALLBACK;
}

/** @returns {string} the code of the language that `t` speaks now */
export function interfaceLanguage() {
  return current;
}

/**
 * Speaks another language from now on, in all that the page shows.
 *
 * @param {string} code one that we do not have counts as English
 */
export function setInterfaceLanguage(code) {
  current = known(code) ?? FALLBACK;
  const root = globalThis.document?.documentElement;
  if (root) {
    root.lang = current;
    root.dir = LANGUAGES.find((language) => language.code === current)?.dir ?? 'ltr';
    localise(document);
  }
  // Last, so that what they write is not overwritten by the words that stand in the page.
  for (const listener of listeners) listener();
}

/** @param {string} code the reader's choice, which is kept for the next visit */
export function chooseInterfaceLanguage(code) {
  keepStored(STORED_NAME, known(code));
  setInterfaceLanguage(code);
}

/** @param {() => void} listener called after each change of the language; write your words anew */
export function onInterfaceLanguage(listener) {
  listeners.add(listener);
}

/**
 * @param {string} key
 * @param {Values} [values] for the places in the sentence; `count` also chooses the plural form
 * @returns {string} the sentence; in English where the language lacks it
 */
export function t(key, values = {}) {
  return entryFor(key, values).replace(PLACE, (place, name) => {
    if (!Object.hasOwn(values, name)) return place;
    const value = values[name];
    return typeof value === 'number' ? value.toLocaleString(current) : value;
  });
}

/** @param {string} key @param {Values} values @returns {string} with its places */
function entryFor(key, { count }) {
  const table = Object.hasOwn(STRINGS[current], key) ? STRINGS[current] : STRINGS[FALLBACK];
  const entry = Object.hasOwn(table, key) ? table[key] : key;
  if (typeof entry === 'string') return entry;
  const category = new Intl.PluralRules(current).select(Number(count));
  return entry[category] ?? entry.other;
}

/** @param {ParentNode} root every marked element in it gets its words in the present language */
export function localise(root) {
  for (const element of root.querySelectorAll('[data-i18n]')) {
    write(element, t(element.getAttribute('data-i18n') ?? ''));
  }
  for (const element of root.querySelectorAll('[data-i18n-attr]')) {
    for (const pair of (element.getAttribute('data-i18n-attr') ?? '').split(',')) {
      const [attribute, key] = pair.split(':').map((part) => part.trim());
      element.setAttribute(attribute, t(key));
    }
  }
}

/** @param {Element} element @param {string} text child elements keep their place in the sentence */
function write(element, text) {
  const slots = new Map(
    [...element.querySelectorAll(':scope > [data-i18n-slot]')].map((slot) => [
      slot.getAttribute('data-i18n-slot'), slot,
    ]),
  );
  if (slots.size === 0) {
    if (element.textContent !== text) element.textContent = text;
    return;
  }
  // split() with a group gives text and names in turn.
  const parts = text.split(PLACE).map((part, i) => (i % 2 ? (slots.get(part) ?? `{${part}}`) : part));
  element.replaceChildren(...parts.filter((part) => part !== ''));
}
