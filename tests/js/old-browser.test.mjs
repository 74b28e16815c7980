/**
 * OBS 30 embeds Chromium 103: the overlay and everything it loads must do with what that one knows.
 * A feature is known by how it is written; the list is of what came later and might be missed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const STATIC = new URL('../../static/', import.meta.url);

/** JavaScript that came after Chromium 103. @type {[string, RegExp][]} */
const TOO_NEW_JS = [
  ['arrays that copy themselves (110)', /\.(?:toSorted|toReversed|toSpliced)\(|\.with\(/],
  ['grouping (117)', /\b(?:Object|Map)\.groupBy\(/],
  ['Array.fromAsync (121)', /\bArray\.fromAsync\b/],
  ['Promise.withResolvers (119), Promise.try (128)', /\bPromise\.(?:withResolvers|try)\b/],
  ['set algebra (122)', /\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(/],
  ['iterator helpers (122)', /\bIterator\.|\.(?:values|keys|entries)\(\)\s*\.(?:map|filter|take|drop|find|some|every|reduce|toArray|forEach|flatMap)\(/],
  ['well-formed strings (111)', /\.(?:isWellFormed|toWellFormed)\(/],
  ['URL.canParse (120), URL.parse (126)', /\bURL\.(?:canParse|parse)\(/],
  ['AbortSignal.any (116)', /\bAbortSignal\.any\(/],
  ['buffers that move (114)', /\.(?:transferToFixedLength|transfer)\(\)/],
  ['regular expressions with v (112)', /[^/\s*]\/[dgimsuy]*v[dgimsuy]*\s*[,;.)\]]/],
  ['regular expression modifiers (125)', /\(\?[ims]+:/],
  ['RegExp.escape (136)', /\bRegExp\.escape\(/],
  ['import attributes (123)', /\bimport\b[^;]*\bwith\s*\{/],
  ['using (134)', /\b(?:await )?using \w+\s*=/],
  ['checkVisibility (105)', /\.checkVisibility\(/],
  ['view transitions (111)', /\.startViewTransition\(/],
  ['popovers (114)', /\.(?:showPopover|hidePopover|togglePopover)\(/],
  ['moveBefore (133)', /\.moveBefore\(/],
  ['navigation (102 only in part)', /\bnavigation\./],
  ['scheduler.yield (129)', /\bscheduler\.yield\b/],
  ['Intl.DurationFormat (129)', /\bIntl\.DurationFormat\b/],
  ['base64 of arrays (140)', /\.(?:toBase64|fromBase64|toHex|fromHex)\(/],
];

/** Styles that came after Chromium 103. @type {[string, RegExp][]} */
const TOO_NEW_CSS = [
  ['nesting (112)', /&|\{[^{}]*\{/],
  [':has (105)', /:has\(/],
  ['container queries (105)', /@container\b|\bcqw\b|\bcqh\b|container-(?:type|name)/],
  ['scopes (118), starting styles (117)', /@scope\b|@starting-style\b/],
  ['ranges in media queries (104)', /@media[^{]*[<>]/],
  ['translate, rotate and scale by themselves (104)', /[{;\s](?:translate|rotate|scale)\s*:/],
  ['new colours (111)', /\b(?:color-mix|oklch|oklab|lch|lab|color)\(/],
  ['light-dark (123), relative colours (119)', /\blight-dark\(|\b(?:rgb|hsl)a?\(\s*from\b/],
  ['new viewport units (108)', /\d(?:[sld]v[hwib]|[sld]vmin|[sld]vmax)\b/],
  ['lh (109), rlh and cap (111)', /\d(?:r?lh|cap|rcap|rch|rex|ric)\b/],
  ['rounding and trigonometry (111 to 125)', /\b(?:round|mod|rem|sin|cos|tan|pow|sqrt|hypot|abs|sign)\(/],
  ['text-wrap (114)', /\btext-wrap/],
  ['logical floats (118)', /float:\s*inline-/],
  ['linear() (113)', /\blinear\(/],
  ['masks without a prefix (120)', /[{;\s]mask(?:-[a-z]+)?\s*:/],
  ['subgrid (117)', /\bsubgrid\b/],
  ['anchors (125), interpolate-size (129), field-sizing (123)', /\b(?:anchor-name|position-anchor|interpolate-size|field-sizing)\b/],
];

/** @param {string} css @returns {string} without comments, and media queries without their braces */
const plain = (css) => css.replaceAll(/\/\*[\s\S]*?\*\//g, '');

/** @param {string} css @returns {string} the same rules, taken out of the at-rules around them */
const flat = (css) => plain(css).replaceAll(/@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}/g, '$1');

/** @param {string} text @param {[string, RegExp][]} list @returns {string[]} names of what it uses */
const used = (text, list) => list.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);

/** @param {string} entry @returns {Map<string, string>} it and all that it imports, at once or later */
function modulesFrom(entry) {
  const found = new Map();
  const open = [new URL(entry, STATIC).href];
  while (open.length > 0) {
    const url = open.pop();
    if (found.has(url)) continue;
    const text = readFileSync(new URL(url), 'utf8');
    found.set(url, text);
    for (const [, path] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) open.push(new URL(path, url).href);
  }
  return found;
}

test('the overlay and all that it loads use nothing that came after Chromium 103', () => {
  const modules = modulesFrom('js/overlay-page.js');
  assert.ok(modules.size > 25);
  assert.ok([...modules.keys()].some((url) => url.endsWith('overlay/settings.js')));
  for (const [url, text] of modules) assert.deepEqual(used(text, TOO_NEW_JS), [], url);
});

test('nor do its styles', () => {
  for (const name of ['css/overlay.css', 'css/overlay-settings.css']) {
    const css = readFileSync(new URL(name, STATIC), 'utf8');
    const [nesting, ...others] = TOO_NEW_CSS;
    assert.deepEqual(used(plain(css), others), [], name);
    assert.deepEqual(used(flat(css), [nesting]), [], name);
  }
});

test('what came later is recognised', () => {
  const scripts = ['a.toSorted()', 'Object.groupBy(x, f)', 'a.union(b)', 'map.values().map(f)', 'x = /a/v;',
    "import a from './a.json' with { type: 'json' }", 'Promise.withResolvers()', 'URL.canParse(x)', '/(?i:a)/'];
  for (const text of scripts) assert.equal(used(text, TOO_NEW_JS).length, 1, text);
  const styles = ['a { &:hover {} }', 'a { b { c: d } }', 'a:has(b) {}', '@media (width > 5px) {}', 'a { translate: 1px }',
    'a { color: color-mix(in srgb, red, blue) }', 'a { height: 100dvh }', 'a { width: round(1px, 2px) }', 'a { float: inline-start }'];
  for (const text of styles) assert.equal(used(text, TOO_NEW_CSS).length, 1, text);
  const fine = ['a.at(-1); a.findLast(f); structuredClone(x); x ??= 1; /[\\p{L}]/u.test(x); [...m.values()].map(f)'];
  for (const text of fine) assert.deepEqual(used(text, TOO_NEW_JS), [], text);
});
