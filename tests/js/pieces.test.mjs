import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columns, directionOf, gapBetween, piecesOf } from '../../static/js/overlay/pieces.js';
import { randomFrom, wholeBetween } from './random.mjs';

test('a word is a piece, with the space in front of it', () => {
  assert.deepEqual(piecesOf('Good morning, everyone.', 20), ['Good', ' morning,', ' everyone.']);
  assert.deepEqual(piecesOf(' and  more', 20), [' and', '  more']);
  assert.deepEqual(piecesOf('', 20), []);
});

test('text without spaces breaks between words, never before a closing mark', () => {
  const pieces = piecesOf('今日は良い天気です。「はい」', 20);
  assert.ok(pieces.length > 3);
  assert.ok(pieces.every((piece) => !/^[。」]/.test(piece) && !/「$/.test(piece)), pieces.join('|'));
  assert.ok(piecesOf('ภาษาไทยไม่มีช่องว่าง', 40).length > 2);
});

test('a word that is longer than a line is cut between characters, not inside one', () => {
  assert.deepEqual(piecesOf('abcdefgh', 3), ['abc', 'def', 'gh']);
  assert.deepEqual(piecesOf('👩‍👩‍👧👩‍👩‍👧', 3), ['👩‍👩‍👧', '👩‍👩‍👧']);
  assert.deepEqual(piecesOf('e\u0301e\u0301e\u0301', 2), ['e\u0301e\u0301', 'e\u0301']);
});

test('wide characters count two columns, marks none', () => {
  assert.equal(columns('Good'), 4);
  assert.equal(columns('日本'), 4);
  assert.equal(columns('ｶﾅ'), 2);
  assert.equal(columns('e\u0301'), 1);
  assert.equal(columns('👩‍👩‍👧'), 2);
  assert.equal(columns('Привіт'), 6);
  assert.equal(columns('नमस्ते') < 6, true);
  assert.equal(columns('한국'), 4);
});

test('the first letter says how a text reads', () => {
  assert.equal(directionOf(' “Hello'), 'ltr');
  assert.equal(directionOf('123 שלום abc'), 'rtl');
  assert.equal(directionOf('مرحبا'), 'rtl');
  assert.equal(directionOf('12, 13 …'), null);
});

test('utterances are apart by a space, where their script has spaces', () => {
  assert.equal(gapBetween('One.', 'Two'), ' ');
  assert.equal(gapBetween('One.', ' Two'), '');
  assert.equal(gapBetween('', 'Two'), '');
  assert.equal(gapBetween('良い。', '天気'), '');
  for (const emoji of ['Well done 👍🏽', '👩‍👩‍👧‍👦', '🇺🇦', '❤️']) assert.equal(gapBetween(emoji, 'Two'), ' ', emoji);
});

test('pieces are the text again, and none is wider than a line', () => {
  const letters = [...'abc de  fg.,日本語。「」ไทยภาษาสลאבגد👩‍👧é', 'e\u0301', ' '];
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomFrom(seed);
    const width = wholeBetween(random, 4, 30);
    const text = Array.from({ length: wholeBetween(random, 0, 80) }, () =>
      letters[wholeBetween(random, 0, letters.length - 1)]).join('');
    const pieces = piecesOf(text, width);
    assert.equal(pieces.join(''), text, `seed ${seed}`);
    for (const piece of pieces) {
      assert.ok(columns(piece.trim()) <= width, `seed ${seed}: ${piece}`);
    }
  }
});
