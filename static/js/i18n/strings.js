// @ts-check
/**
 * The one table of all interface languages, composed of one module for each part of the pages.
 * A test compares the languages with each other and with what the pages use.
 */
import { MIC_STRINGS } from './mic-strings.js';
import { OVERLAY_STRINGS } from './overlay-strings.js';
import { PROBLEM_STRINGS } from './problem-strings.js';
import { READING_STRINGS } from './reading-strings.js';

export const PARTS = [READING_STRINGS, PROBLEM_STRINGS, MIC_STRINGS, OVERLAY_STRINGS];

/**
 * Every interface language, under its own name, as menus list it.
 *
 * @type {readonly {code: string, name: string, dir: "ltr" | "rtl"}[]}
 */
export const LANGUAGES = [
  { code: 'en', name: 'English', dir: 'ltr' },
  { code: 'de', name: 'Deutsch', dir: 'ltr' },
  { code: 'fr', name: 'Français', dir: 'ltr' },
  { code: 'es', name: 'Español', dir: 'ltr' },
  { code: 'uk', name: 'Українська', dir: 'ltr' },
  { code: 'ar', name: 'العربية', dir: 'rtl' },
];

/** @type {import('./i18n.js').Tables} */
export const STRINGS = Object.fromEntries(
  LANGUAGES.map(({ code }) => [code, Object.assign({}, ...PARTS.map((part) => part[code] ?? {}))]),
);
