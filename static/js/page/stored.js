// @ts-check
/**
 * Small texts kept in this browser between visits. A private window may have no storage, or a full
 * one: then everything works as if nothing had been kept. What is read back may be anything, so
 * whoever reads checks it. It must not know what the texts mean.
 */

const PREFIX = 'livecaption.';

/** @returns {Storage | null} null where the browser forbids it, which it does by throwing */
function storage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** @param {string} name @returns {string | null} */
export function readStored(name) {
  try {
    return storage()?.getItem(PREFIX + name) ?? null;
  } catch {
    return null;
  }
}

/** @param {string} name @param {string | null} text null forgets it @returns {boolean} success */
export function keepStored(name, text) {
  try {
    const place = storage();
    if (text === null) place?.removeItem(PREFIX + name);
    else place?.setItem(PREFIX + name, text);
    return place !== null;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @param {(text: string | null) => void} onChange called when another window changes it
 */
export function onStoredElsewhere(name, onChange) {
  globalThis.addEventListener?.('storage', (event) => {
    const { key, newValue } = /** @type {StorageEvent} */ (event);
    if (key === PREFIX + name) onChange(newValue);
    else if (key === null) onChange(null);
  });
}
