// @ts-check
/** The sentences of the mic page's capture side in every interface language. */

/** @type {import('./i18n.js').Tables} */
export const MIC_STRINGS = { en: {}, de: {}, fr: {}, es: {}, uk: {}, ar: {} };
