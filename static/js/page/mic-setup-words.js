// @ts-check
/** Names and terms to be expected, and the speaker's name. */
import { onInterfaceLanguage, t } from '../i18n/i18n.js';
import { element } from './element.js';
import { MOST_CHARACTERS, MOST_TERMS, parseVocabulary } from './mic-vocabulary.js';

/** @typedef {import('./mic-settings.js').MicSettings} MicSettings */

/** Long enough that nobody types on, short enough that the next sentence profits. */
const TYPED_MS = 1500;

export class SetupWords {
  root;
  #onChange;
  #vocabulary = element('textarea', {
    id: 'vocabulary', rows: '4', autocomplete: 'off', spellcheck: 'false', dir: 'auto',
    'aria-describedby': 'vocabulary-note vocabulary-count', lang: '',
  });
  #count = element('p', { id: 'vocabulary-count', class: 'note', role: 'status' });
  #speaker = element('input', {
    id: 'speaker', type: 'text', maxlength: String(MOST_CHARACTERS), autocomplete: 'name', dir: 'auto',
    'aria-describedby': 'speaker-note', lang: '',
  });
  #timer = 0;

  /**
   * @param {MicSettings} settings
   * @param {{onChange: (changes: Partial<MicSettings>) => void}} handlers
   */
  constructor(settings, { onChange }) {
    this.#onChange = onChange;
    this.#vocabulary.value = settings.vocabulary;
    this.#speaker.value = settings.speaker;
    this.root = element(
      'div', { class: 'setup-words' },
      element(
        'div', { class: 'field' },
        element('label', { for: 'vocabulary', class: 'field-name', 'data-i18n': 'mic.words.vocabulary' }),
        this.#vocabulary,
        element('p', { id: 'vocabulary-note', class: 'note', 'data-i18n': 'mic.words.note' }),
        this.#count,
      ),
      element(
        'div', { class: 'field' },
        element('label', { for: 'speaker', class: 'field-name', 'data-i18n': 'mic.words.speaker' }),
        this.#speaker,
        element('p', { id: 'speaker-note', class: 'note', 'data-i18n': 'mic.words.speaker-note' }),
      ),
    );
    for (const field of [this.#vocabulary, this.#speaker]) {
      field.addEventListener('input', () => this.#typed());
      field.addEventListener('change', () => this.#tell());
    }
    onInterfaceLanguage(() => this.#judge());
    this.#judge();
  }

  #typed() {
    this.#judge();
    clearTimeout(this.#timer);
    this.#timer = /** @type {any} */ (setTimeout(() => this.#tell(), TYPED_MS));
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#onChange({ vocabulary: this.#vocabulary.value, speaker: this.#speaker.value });
  }

  /** Says how many terms there are, or what is wrong with them. */
  #judge() {
    const { terms, complaint } = parseVocabulary(this.#vocabulary.value);
    this.#vocabulary.setAttribute('aria-invalid', String(complaint !== null));
    this.#count.classList.toggle('is-wrong', complaint !== null);
    this.#count.textContent = complaint ? wordsOf(complaint) : counted(terms.length);
  }
}

/** @param {number} count */
function counted(count) {
  return count === 0 ? '' : t('mic.words.count', { count });
}

/** @param {import('./mic-vocabulary.js').Complaint} complaint */
function wordsOf({ kind, term, count }) {
  if (kind === 'too-long') return t('mic.words.too-long', { term, most: MOST_CHARACTERS });
  if (kind === 'too-many') return t('mic.words.too-many', { count, most: MOST_TERMS });
  return t('mic.words.too-much', { count });
}
