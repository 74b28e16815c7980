import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';

import {
  interfaceLanguage, languageOfPage, onInterfaceLanguage, setInterfaceLanguage, t,
} from '../../static/js/i18n/i18n.js';
import { LANGUAGES, PARTS, STRINGS } from '../../static/js/i18n/strings.js';

const ROOT = new URL('../../static/', import.meta.url);
const ENGLISH = STRINGS.en;
const KEYS = Object.keys(ENGLISH);

afterEach(() => setInterfaceLanguage('en'));

/** @param {string} ending @returns {{name: string, text: string}[]} files that may use keys */
const files = (ending) =>
  readdirSync(ROOT, { recursive: true })
    .map((name) => String(name).replaceAll('\\', '/'))
    .filter((name) => name.endsWith(ending) && !name.includes('i18n/'))
    .map((name) => ({ name, text: readFileSync(new URL(name, ROOT), 'utf8') }));

/** @param {any} entry @returns {string[]} all forms of a sentence */
const forms = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry));
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('every language has every sentence, and none of its own', () => {
  for (const { code } of LANGUAGES) {
    assert.deepEqual(Object.keys(STRINGS[code]).sort(), [...KEYS].sort(), code);
    for (const [key, entry] of Object.entries(STRINGS[code])) {
      for (const form of forms(entry)) assert.notEqual(form.trim(), '', `${code} ${key}`);
    }
  }
});

test('each sentence belongs to one part', () => {
  const all = PARTS.flatMap((part) => Object.keys(part.en));
  assert.equal(new Set(all).size, all.length);
  for (const part of PARTS) {
    assert.deepEqual(Object.keys(part), LANGUAGES.map(({ code }) => code));
  }
});

test('a sentence has the same places in every language', () => {
  for (const { code } of LANGUAGES) {
    for (const key of KEYS) {
      const expected = new Set(forms(ENGLISH[key]).flatMap(places));
      const found = new Set(forms(STRINGS[code][key]).flatMap(places));
      assert.deepEqual([...found].sort(), [...expected].sort(), `${code} ${key}`);
      if (typeof STRINGS[code][key] === 'string') continue;
      // A form for exactly one, none or two of something may leave the number out; the others may not.
      for (const form of [STRINGS[code][key].other, STRINGS[code][key].many ?? '{count}']) {
        assert.ok(places(form).includes('count'), `${code} ${key}`);
      }
    }
  }
});

test('a sentence that counts has every plural form of its language', () => {
  for (const { code } of LANGUAGES) {
    const { pluralCategories } = new Intl.PluralRules(code).resolvedOptions();
    for (const key of KEYS) {
      const isCounting = typeof ENGLISH[key] !== 'string';
      assert.equal(typeof STRINGS[code][key] !== 'string', isCounting, `${code} ${key}`);
      if (!isCounting) continue;
      // "many" of French and Spanish begins at a million, which no page counts to.
      const needed = pluralCategories.filter((name) => name !== 'many' || !['fr', 'es'].includes(code));
      for (const category of needed) assert.ok(STRINGS[code][key][category], `${code} ${key} ${category}`);
    }
  }
});

/** What keys begin with: `read`, `watch`, `problem` … */
const PARTS_OF_KEYS = [...new Set(KEYS.map((key) => key.split('.')[0]))].join('|');

/** @returns {{key: string, place: string}[]} the keys that pages and modules name */
function usedKeys() {
  const used = [];
  for (const { name, text } of files('.html')) {
    for (const [, key] of text.matchAll(/data-i18n="([^"]+)"/g)) used.push({ key, place: name });
    for (const [, pairs] of text.matchAll(/data-i18n-attr="([^"]+)"/g)) {
      for (const pair of pairs.split(',')) used.push({ key: pair.split(':')[1].trim(), place: name });
    }
  }
  const literal = new RegExp(`['":,]((?:${PARTS_OF_KEYS})\\.[\\w.-]+)['",]`, 'g');
  for (const { name, text } of files('.js')) {
    for (const [, key] of text.matchAll(/\bt\(\s*'([^']+)'/g)) used.push({ key, place: name });
    for (const [, key] of text.matchAll(literal)) used.push({ key, place: name });
  }
  return used;
}

test('pages and modules name only sentences that there are', () => {
  const used = usedKeys();
  assert.ok(used.length > 40);
  for (const { key, place } of used) assert.ok(KEYS.includes(key), `${place}: ${key}`);
});

test('a composed key can only become a sentence that there is', () => {
  let count = 0;
  for (const { name, text } of files('.js')) {
    for (const [, start, end] of text.matchAll(/`([\w.-]+\.)\$\{\w+\}([\w.-]*)`/g)) {
      if (!new RegExp(`^(${PARTS_OF_KEYS})\\.`).test(start)) continue;
      count += 1;
      assert.ok(KEYS.some((key) => key.startsWith(start) && key.endsWith(end)), `${name}: ${start}…${end}`);
    }
  }
  assert.ok(count > 5);
});

test('no sentence is without use', () => {
  const everything = [...files('.js'), ...files('.html')].map(({ text }) => text).join('\n');
  const composed = [...everything.matchAll(/`([\w.-]+\.)\$\{\w+\}([^`]*)`/g)].map(([, start, rest]) => {
    const end = rest.replaceAll('.', '\\.').replaceAll(/\$\{\w+\}/g, '[\\w-]+');
    return new RegExp(`^${start.replaceAll('.', '\\.')}[\\w-]+${end}$`);
  });
  const isNamed = (key) => new RegExp(`['":]${key.replaceAll('.', '\\.')}['",]`).test(everything);
  for (const key of KEYS) {
    // A tool's hint goes by the tool's name.
    const isHint = key.endsWith('.title') && isNamed(key.slice(0, -'.title'.length));
    assert.ok(isNamed(key) || isHint || composed.some((pattern) => pattern.test(key)), key);
  }
});

test('the address wins over the choice, the choice over the browser, and English is left', () => {
  const page = { href: 'http://h/watch/main', chosen: null, preferred: [] };
  assert.equal(languageOfPage(page), 'en');
  assert.equal(languageOfPage({ ...page, preferred: ['zz', 'uk-UA', 'de'] }), 'uk');
  assert.equal(languageOfPage({ ...page, chosen: 'fr', preferred: ['de'] }), 'fr');
  assert.equal(languageOfPage({ ...page, href: 'http://h/?ui=ES', chosen: 'fr' }), 'es');
  assert.equal(languageOfPage({ ...page, href: 'http://h/?ui=xx', chosen: '<b>' }), 'en');
  assert.equal(languageOfPage({ ...page, preferred: ['constructor'] }), 'en');
});

test('a change of the language is told, and an unknown one is English', () => {
  const heard = [];
  onInterfaceLanguage(() => heard.push(interfaceLanguage()));
  for (const code of ['de', 'nonsense']) setInterfaceLanguage(code);
  assert.deepEqual(heard, ['de', 'en']);
});

test('an unknown sentence is its key, so that a page never breaks', () => {
  assert.equal(t('no.such.sentence', { count: 1 }), 'no.such.sentence');
  assert.equal(t('constructor'), 'constructor');
});
