import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { STRINGS } from '../../static/js/i18n/strings.js';
import { addressWith, OPTIONS, optionsFrom, USUAL } from '../../static/js/overlay/options.js';
import { sourceAddress, visibleAddress } from '../../static/js/overlay/settings-link.js';
import { FONTS, LOOKS, looksOf, propertiesOf } from '../../static/js/overlay/style.js';
import { randomFrom, wholeBetween } from './random.mjs';

const BASE = 'http://localhost:8000/overlay/main';
const from = (query) => optionsFrom({ href: `${BASE}?${query}` });

test('without parameters everything is as usual', () => {
  assert.deepEqual(from(''), USUAL);
  assert.equal(new Set(OPTIONS.map(({ name }) => name)).size, OPTIONS.length);
});

test('numbers are drawn into their range and onto a step', () => {
  assert.equal(from('lines=3').lines, 3);
  assert.equal(from('lines=0').lines, 1);
  assert.equal(from('lines=99').lines, 10);
  assert.equal(from('lines=2.6').lines, 3);
  assert.equal(from('hold=-1').hold, 0);
  assert.equal(from('hold=1e9').hold, 600);
  assert.equal(from('fade=0.34').fade, 0.3);
  for (const nonsense of ['', ' ', 'NaN', 'Infinity', 'two', '1;2', '0x']) {
    assert.equal(from(`lines=${encodeURIComponent(nonsense)}`).lines, 2, nonsense);
  }
});

test('a choice is one of the table, everything else counts as absent', () => {
  assert.equal(from('font=serif').font, 'serif');
  for (const attack of ['Serif', 'x;}body{display:none', 'constructor', '__proto__', 'url(//evil.example)']) {
    assert.equal(from(`font=${encodeURIComponent(attack)}`).font, 'sans', attack);
  }
});

test('a colour is hexadecimal digits, with or without a hash', () => {
  assert.equal(from('color=FE0').color, 'ffee00');
  assert.equal(from('color=%23a1b2c3').color, 'a1b2c3');
  assert.equal(from('color=a1b2c380').color, 'a1b2c380');
  assert.equal(from('color=0008').color, '00000088');
  for (const attack of ['red', '12', '12345', '1234567', 'ggg', 'fff;}', 'expression(1)', '#']) {
    assert.equal(from(`color=${encodeURIComponent(attack)}`).color, 'ffffff', attack);
  }
});

test('a switch is on or off in the usual words', () => {
  for (const off of ['0', 'false', 'OFF', 'no']) assert.equal(from(`partials=${off}`).partials, false);
  for (const on of ['1', 'true', 'on', 'Yes']) assert.equal(from(`obs=${on}`).obs, true);
  assert.equal(from('partials=maybe').partials, true);
  assert.equal(from('partials=constructor').partials, true);
});

test('an address gets what is not usual, and keeps what is not ours', () => {
  const options = { ...USUAL, lines: 3, color: 'ffee00', names: false };
  const href = addressWith({ href: `${BASE}?ui=de&hold=9#t=secret` }, options);
  assert.equal(href, `${BASE}?ui=de&color=ffee00&lines=3&names=0#t=secret`);
  assert.equal(addressWith({ href }, USUAL), `${BASE}?ui=de#t=secret`);
});

/** @param {() => number} random @param {any} option @returns {any} one of its values */
function randomValue(random, option) {
  if (option.kind === 'toggle') return random() < 0.5;
  if (option.kind === 'choice') return option.choices[wholeBetween(random, 0, option.choices.length - 1)];
  if (option.kind === 'colour') return wholeBetween(random, 0, 0xffffff).toString(16).padStart(6, '0');
  const steps = Math.round((option.most - option.least) / option.step);
  return Number((option.least + option.step * wholeBetween(random, 0, steps)).toFixed(2));
}

test('what is written into an address is read back as it was', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomFrom(seed);
    const options = Object.fromEntries(OPTIONS.map((option) => [option.name, randomValue(random, option)]));
    assert.deepEqual(optionsFrom({ href: addressWith({ href: BASE }, options) }), options, `seed ${seed}`);
  }
});

test('whatever an address says, styles get nothing but values of the right form', () => {
  const attacks = ['red;}*{x:y', 'url(javascript:1)', '</style>', '-1e999', 'calc(1px)', '\u0000', '#ff', 'a b'];
  for (const { name } of OPTIONS) {
    for (const attack of attacks) {
      const options = from(`${name}=${encodeURIComponent(attack)}`);
      for (const [property, value] of Object.entries(propertiesOf(options))) {
        assert.match(property, /^--set-[a-z-]+$/);
        const isPlain = /^(?:-?[\d.]+s?|rgba\([\d., ]+\)|transparent|[a-z]+)$/.test(value);
        assert.ok(isPlain || Object.values(FONTS).includes(value), `${name}=${attack}: ${property}: ${value}`);
      }
      assert.ok(looksOf(options).every((look) => LOOKS.includes(look)));
    }
  }
});

test('the style sheet uses every property that is set, and sets the usual values itself', () => {
  const css = readFileSync(new URL('../../static/css/overlay.css', import.meta.url), 'utf8');
  for (const property of Object.keys(propertiesOf(USUAL))) assert.ok(css.includes(`var(${property}`), property);
  for (const look of LOOKS.filter((name) => name !== 'is-center' && name !== 'is-bottom')) {
    assert.ok(css.includes(`.${look} `), look);
  }
});

test('every option and choice has a name in every language', () => {
  for (const [code, strings] of Object.entries(STRINGS)) {
    for (const option of OPTIONS) {
      assert.ok(strings[`overlay.option.${option.name}`], `${code} ${option.name}`);
      assert.ok(strings[`overlay.group.${option.group}`], `${code} ${option.group}`);
      for (const value of option.choices ?? []) {
        assert.ok(strings[`overlay.choice.${option.name}.${value}`], `${code} ${option.name} ${value}`);
      }
    }
  }
});

/** @param {any} option @returns {string} its row in the documentation */
function documented(option) {
  const unit = option.unit ? ` ${option.unit}` : '';
  const usual = option.kind === 'toggle' ? (option.usual ? '1' : '0') : String(option.usual);
  const values = {
    number: () => `${option.least} to ${option.most}${unit}`,
    choice: () => option.choices.map((value) => `\`${value}\``).join(' '),
    colour: () => 'colour',
    toggle: () => '`0` `1`',
  }[option.kind]();
  return `| \`${option.name}\` | \`${usual}\` | ${values} |`;
}

test('the documentation has the same table', () => {
  const docs = readFileSync(new URL('../../docs/obs.md', import.meta.url), 'utf8');
  for (const option of OPTIONS) assert.ok(docs.includes(documented(option)), documented(option));
});

test('a source gets the address without what only the settings need', () => {
  const address = sourceAddress({ href: `${BASE}?settings=1&ui=ar&lines=3#t=secret` }, { ...USUAL, lines: 4 });
  assert.equal(address.href, `${BASE}?lines=4#t=secret`);
});

test('a token in the address is never shown', () => {
  const shown = visibleAddress(new URL(`${BASE}?lines=3#t=secret`));
  assert.ok(!shown.includes('secret') && shown.includes('#t='));
  assert.equal(visibleAddress(new URL(`${BASE}?lines=3`)), `${BASE}?lines=3`);
});
