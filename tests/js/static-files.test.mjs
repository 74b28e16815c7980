/** Rules about the files themselves, which no single module can keep. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../../static/', import.meta.url);

const FILES = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => {
    const path = `${entry.parentPath ?? entry.path}/${entry.name}`;
    return { path, text: readFileSync(path, 'utf8') };
  });

const ending = (suffix) => FILES.filter(({ path }) => path.endsWith(suffix));

test('the pages are there', () => {
  assert.ok(ending('.js').length > 10 && ending('.html').length >= 3 && ending('.css').length >= 3);
});

test('text can become markup nowhere', () => {
  for (const { path, text } of FILES) {
    assert.doesNotMatch(text, /innerHTML|insertAdjacentHTML|outerHTML|document\.write/, path);
    assert.doesNotMatch(text, /\beval\(|new Function|createContextualFragment|DOMParser/, path);
  }
});

test('the pages need nothing that their security policy forbids', () => {
  for (const { path, text } of ending('.html')) {
    assert.doesNotMatch(text, /\sstyle=|<style|\son[a-z]+=/i, path);
    for (const [, attributes, body] of text.matchAll(/<script([^>]*)>([^<]*)/g)) {
      assert.match(attributes, /src="\/static\//, path);
      assert.equal(body.trim(), '', path);
    }
  }
});

test('nothing is loaded from elsewhere', () => {
  for (const { path, text } of FILES) {
    const outside = text.replaceAll('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(outside, /(?:src|href|url|from|import)\s*[=('"]+\s*(?:https?:)?\/\//, path);
    assert.doesNotMatch(outside, /@import|@font-face/, path);
  }
});

test('every file that a page names is there', () => {
  for (const { path, text } of ending('.html')) {
    for (const [, name] of text.matchAll(/(?:src|href)="\/static\/([^"]+)"/g)) {
      assert.ok(existsSync(new URL(name, ROOT)), `${path}: ${name}`);
    }
  }
});

test('every module is type-checked in editors, small, and says why it exists', () => {
  for (const { path, text } of ending('.js')) {
    assert.ok(text.startsWith('// @ts-check\n/**'), path);
    // Tables of sentences are as long as there are languages.
    if (!path.endsWith('-strings.js')) assert.ok(text.split('\n').length <= 300, path);
  }
});

test('the overlay lets custom styles win', () => {
  const [{ text }] = ending('overlay.css');
  const rules = text.replace(/\/\*[\s\S]*?\*\//g, '');
  assert.doesNotMatch(rules, /!important/);
  assert.match(rules, /html,\s*body\s*\{[^}]*background-color: transparent/);
});
