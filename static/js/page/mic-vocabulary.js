// @ts-check
/**
 * The names-and-terms box as data, and what is wrong with what was typed, in the server's own terms:
 * a list that it would refuse is not sent. Pure; it must not know the page's elements.
 */

export const MOST_TERMS = 100;
export const MOST_CHARACTERS = 64;
/** A message may have 8 KiB; this leaves room for everything else that `start` says. */
export const MOST_BYTES = 7000;

const BETWEEN = /[\n\r,;،、，；]+/u;
/** Controls, line breaks and marks that change the direction of writing; joiners are part of words. */
const UNSHOWN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu;

/**
 * @typedef {object} Complaint
 * @property {"too-many" | "too-long" | "too-much"} kind
 * @property {string} term the first one that is too long; "" for the others
 * @property {number} count of characters of the long term, of all terms, or of those that fit
 */

/** @param {string} text @returns {string} one line without anything that cannot be seen */
export function oneLine(text) {
  return text.normalize('NFC').replace(/[\t\n\r]/g, ' ').replace(UNSHOWN, '').trim().replace(/\s+/gu, ' ');
}

/**
 * @param {string} text one term a line, or with commas between
 * @returns {{terms: string[], complaint: Complaint | null}} each term once; terms that the server
 *   takes even if there is a complaint
 */
export function parseVocabulary(text) {
  const given = [...new Set(text.split(BETWEEN).map(oneLine).filter((term) => term !== ''))];
  const fitting = given.filter((term) => [...term].length <= MOST_CHARACTERS);
  const counted = fitting.slice(0, MOST_TERMS);
  const terms = withinBytes(counted);
  return { terms, complaint: complaintAbout(given, fitting, counted, terms) };
}

/** @param {string[]} terms */
function withinBytes(terms) {
  const encoder = new TextEncoder();
  let bytes = 0;
  return terms.filter((term) => {
    bytes += encoder.encode(JSON.stringify(term)).length + 1;
    return bytes <= MOST_BYTES;
  });
}

/**
 * @param {string[]} given
 * @param {string[]} fitting
 * @param {string[]} counted
 * @param {string[]} terms
 * @returns {Complaint | null}
 */
function complaintAbout(given, fitting, counted, terms) {
  const long = given.find((term) => !fitting.includes(term));
  if (long !== undefined) return { kind: 'too-long', term: long, count: [...long].length };
  if (fitting.length > counted.length) return { kind: 'too-many', term: '', count: fitting.length };
  if (counted.length > terms.length) return { kind: 'too-much', term: '', count: terms.length };
  return null;
}

/** @param {string} text @returns {string | null} a speaker's name that the server takes */
export function speakerName(text) {
  const name = [...oneLine(text)].slice(0, MOST_CHARACTERS).join('').trim();
  return name === '' ? null : name;
}
