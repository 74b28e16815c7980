// @ts-check
/** The sentences of the overlay in every interface language. */

/** @type {import('./i18n.js').Tables} */
export const OVERLAY_STRINGS = { en: {}, de: {}, fr: {}, es: {}, uk: {}, ar: {} };
