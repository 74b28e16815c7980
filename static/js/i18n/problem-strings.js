// @ts-check
/** What can go wrong, and what to do about it, in every interface language. */

/** @type {import('./i18n.js').Tables} */
export const PROBLEM_STRINGS = { en: {}, de: {}, fr: {}, es: {}, uk: {}, ar: {} };
