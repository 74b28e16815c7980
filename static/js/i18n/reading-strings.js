// @ts-check
/** The sentences of the reading side, on both pages and the viewer page, in every interface language. */

/** @type {import('./i18n.js').Tables} */
export const READING_STRINGS = { en: {}, de: {}, fr: {}, es: {}, uk: {}, ar: {} };
