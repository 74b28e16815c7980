import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KeptSettings } from '../../static/js/read/kept-settings.js';
import {
  CHOICES, parseSettings, SIZES, SWITCHES, USUAL, validSettings, writeSettings,
} from '../../static/js/read/settings.js';
import { randomFrom, wholeBetween } from './random.mjs';

/** @param {Record<string, string>} content */
function storageWith(content) {
  const map = new Map(Object.entries(content));
  return {
    getItem: (name) => map.get(name) ?? null,
    setItem: (name, text) => map.set(name, text),
    removeItem: (name) => map.delete(name),
    map,
  };
}

/** @param {any} storage @param {() => void} body */
function withStorage(storage, body) {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, ...storage });
  try {
    body();
  } finally {
    if (before) Object.defineProperty(globalThis, 'localStorage', before);
    else delete globalThis.localStorage;
  }
}

test('every setting has a usual value, and every value belongs to a setting', () => {
  const names = ['size', ...Object.keys(CHOICES), ...SWITCHES].sort();
  assert.deepEqual(Object.keys(USUAL).sort(), names);
  assert.deepEqual(validSettings(USUAL), USUAL);
  for (const [name, values] of Object.entries(CHOICES)) assert.ok(values.includes(USUAL[name]), name);
});

test('a wrong value counts as absent and leaves the others alone', () => {
  const given = { size: 'huge', theme: 'black', font: 'constructor', times: 1, tail: false, evil: true };
  assert.deepEqual(validSettings(given), { ...USUAL, theme: 'black', tail: false });
  for (const nonsense of [null, undefined, 7, 'x', [], true, { __proto__: { theme: 'black' } }]) {
    assert.deepEqual(validSettings(nonsense), USUAL);
  }
});

test('a size outside its range is not taken, one inside is rounded to a step', () => {
  for (const size of [SIZES.least - 1, SIZES.most + 1, Number.NaN, Infinity, '120', null]) {
    assert.equal(validSettings({ size }).size, 100, String(size));
  }
  assert.equal(validSettings({ size: 123.4 }).size, 120);
  assert.equal(validSettings({ size: SIZES.most }).size, SIZES.most);
});

test('text that is no JSON counts as nothing', () => {
  for (const text of [null, '', '{', 'null', '"x"', '[1]']) assert.deepEqual(parseSettings(text), USUAL);
});

test('only what is not usual is kept, and comes back as it was', () => {
  assert.equal(writeSettings(USUAL), null);
  assert.equal(writeSettings({ ...USUAL, size: 150 }), '{"size":150}');
  const random = randomFrom(7);
  for (let i = 0; i < 200; i += 1) {
    const settings = {
      size: SIZES.least + SIZES.step * wholeBetween(random, 0, (SIZES.most - SIZES.least) / SIZES.step),
      ...Object.fromEntries(Object.entries(CHOICES).map(([name, values]) =>
        [name, values[wholeBetween(random, 0, values.length - 1)]])),
      ...Object.fromEntries(SWITCHES.map((name) => [name, random() < 0.5])),
    };
    assert.deepEqual(parseSettings(writeSettings(settings)), settings);
  }
});

test('settings are kept between visits and forgotten when all is usual again', () => {
  const storage = storageWith({});
  withStorage({ value: storage }, () => {
    const heard = [];
    const settings = new KeptSettings();
    settings.follow(({ theme }) => heard.push(theme));
    settings.change({ theme: 'yellow' });
    assert.deepEqual(heard, ['system', 'yellow']);
    assert.equal(new KeptSettings().current.theme, 'yellow');
    settings.change(/** @type {any} */ ({ theme: 'pink' }));
    assert.equal(settings.current.theme, 'system');
    settings.change({ size: 200 });
    settings.reset();
    assert.equal(storage.map.size, 0);
  });
});

test('a private window without storage, or with a full one, reads all the same', () => {
  const forbidden = { get: () => { throw new Error('SecurityError'); } };
  const full = {
    value: { ...storageWith({}), setItem: () => { throw new Error('QuotaExceededError'); } },
  };
  for (const storage of [forbidden, full, { value: null }]) {
    withStorage(storage, () => {
      const settings = new KeptSettings();
      settings.change({ size: 200 });
      assert.equal(settings.current.size, 200);
    });
  }
});

test('what was kept by nobody or by a future version does no harm', () => {
  const storage = storageWith({ 'livecaption.reading': '{"theme":"neon","size":250,"depth":3}' });
  withStorage({ value: storage }, () => {
    assert.deepEqual(new KeptSettings().current, { ...USUAL, size: 250 });
  });
});
