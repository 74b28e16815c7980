// @ts-check
/**
 * What a person chose on the mic page, kept in this browser for the next visit. What is read back may
 * be anything, so each value is checked; where nothing can be kept, everything works all the same.
 * It must not know the page's elements.
 */
import { presetNamed } from '../audio/presets.js';
import { parseVocabulary, speakerName } from './mic-vocabulary.js';
import { keepStored, readStored } from './stored.js';

/**
 * @typedef {object} MicSettings
 * @property {string} language Whisper's code; "" lets the server detect it
 * @property {string} vocabulary as it was typed
 * @property {string} speaker as it was typed
 * @property {"microphone" | "shared" | "file"} kind of sound; "file" is not kept
 * @property {string} deviceId of the microphone; "" for the system's own choice
 * @property {import('../audio/presets.js').PresetName} preset
 * @property {boolean} isAloud whether a file is heard as well
 */

const NAME = 'mic';
/** More than any vocabulary that can be sent. */
const LONGEST_TEXT = 20_000;
const LONGEST_ID = 512;
const LANGUAGE = /^[a-z]{2,3}$/;

/** @type {MicSettings} */
export const DEFAULTS = {
  language: '', vocabulary: '', speaker: '', kind: 'microphone', deviceId: '', preset: 'mic',
  isAloud: true,
};

/** @param {unknown} value @param {number} longest @returns {string} */
function text(value, longest) {
  return typeof value === 'string' && value.length <= longest ? value : '';
}

/** @param {string | null} kept @returns {MicSettings} */
export function checkedSettings(kept) {
  let found;
  try {
    found = JSON.parse(kept ?? '{}');
  } catch {
    found = {};
  }
  if (typeof found !== 'object' || found === null) return DEFAULTS;
  const language = text(found.language, 3);
  return {
    language: LANGUAGE.test(language) ? language : DEFAULTS.language,
    vocabulary: text(found.vocabulary, LONGEST_TEXT),
    speaker: text(found.speaker, LONGEST_ID),
    kind: found.kind === 'shared' ? 'shared' : DEFAULTS.kind,
    deviceId: text(found.deviceId, LONGEST_ID),
    preset: presetNamed(found.preset),
    isAloud: typeof found.isAloud === 'boolean' ? found.isAloud : DEFAULTS.isAloud,
  };
}

/** @param {MicSettings} settings @returns {import('../net/protocol.js').Speech} what the server is told */
export function speechOf({ language, vocabulary, speaker }) {
  return {
    language: language || null,
    vocabulary: parseVocabulary(vocabulary).terms,
    speaker: speakerName(speaker),
  };
}

export class KeptMicSettings {
  #current = checkedSettings(readStored(NAME));

  get current() {
    return this.#current;
  }

  /** @param {Partial<MicSettings>} changes kept for the next visit where that is possible */
  change(changes) {
    this.#current = { ...this.#current, ...changes };
    keepStored(NAME, JSON.stringify(this.#current));
  }
}
