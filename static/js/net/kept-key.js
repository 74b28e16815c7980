// @ts-check
/**
 * The key that somebody typed into one of our pages: kept for this tab, shared by the pages opened in
 * it, forgotten when it is closed. It must not know what the key is good for.
 */
const NAME = 'livecaption.key';
/** What a header may hold; a key with anything else was copied badly. */
const SENDABLE = /^[\x21-\x7e]{1,256}$/;

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} TabStorage */

/** @returns {TabStorage | null} null where the browser forbids it: then the key is gone with a reload */
export function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/** @param {string} text as it was typed or pasted @returns {string | null} null for what is no key */
export function asKey(text) {
  const key = text.trim();
  return SENDABLE.test(key) ? key : null;
}

/** @param {string | null} key @returns {Record<string, string>} headers that show it */
export function showing(key) {
  return key === null ? {} : { Authorization: `Bearer ${key}` };
}

export class KeptKey {
  #storage;
  /** @type {string | null} */
  #key;

  /** @param {TabStorage | null} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#key = storage?.getItem(NAME) ?? null;
  }

  get value() {
    return this.#key;
  }

  /** @param {string} key */
  keep(key) {
    this.#key = key;
    try {
      this.#storage?.setItem(NAME, key);
    } catch {
      // A full storage: the key lives as long as this page.
    }
  }

  forget() {
    this.#key = null;
    this.#storage?.removeItem(NAME);
  }
}
