/** What the mic page says and takes: vocabulary, names, delays, shortcuts, addresses, settings. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { SpeechWatch } from '../../static/js/audio/level.js';
import { DEFAULT_PRESET, presetNamed, PRESETS } from '../../static/js/audio/presets.js';
import { setInterfaceLanguage } from '../../static/js/i18n/i18n.js';
import {
  isOwnMachine, isRoomName, overlayAddress, qrAddress, roomAddress, viewerAddress,
} from '../../static/js/net/address.js';
import { SendBudget } from '../../static/js/net/send-budget.js';
import { delayWords, NO_HOLD, statusWords } from '../../static/js/page/mic-delay.js';
import { checkedSettings, DEFAULTS, KeptMicSettings, speechOf } from '../../static/js/page/mic-settings.js';
import { altLetter } from '../../static/js/page/mic-shortcuts.js';
import {
  MOST_BYTES, oneLine, parseVocabulary, speakerName,
} from '../../static/js/page/mic-vocabulary.js';

afterEach(() => setInterfaceLanguage('en'));

test('terms stand on lines or between commas of any script, each once and without its edges', () => {
  const { terms, complaint } = parseVocabulary('Kyiv, CTranslate2\n  New   York ;Kyiv\n\n東京、大阪،بغداد,,');
  assert.deepEqual(terms, ['Kyiv', 'CTranslate2', 'New York', '東京', '大阪', 'بغداد']);
  assert.equal(complaint, null);
  assert.deepEqual(parseVocabulary(' \n,'), { terms: [], complaint: null });
});

test('what cannot be seen is no part of a term, joiners of emoji and Persian are', () => {
  assert.equal(oneLine('\u202Eevil\u2066 \u0000name\u2028'), 'evil name');
  assert.equal(oneLine('می\u200Cخواهم'), 'می\u200Cخواهم');
  assert.equal(oneLine('e\u0301'), '\u00e9');
});

test('a term that is too long is named and left out, counted as a server counts', () => {
  const long = '😀'.repeat(65);
  const { terms, complaint } = parseVocabulary(`${long}, ok, ${'😀'.repeat(64)}`);
  assert.deepEqual(terms, ['ok', '😀'.repeat(64)]);
  assert.deepEqual(complaint, { kind: 'too-long', term: long, count: 65 });
});

test('more than a hundred terms are cut at a hundred', () => {
  const { terms, complaint } = parseVocabulary(Array.from({ length: 130 }, (_, i) => `t${i}`).join('\n'));
  assert.equal(terms.length, 100);
  assert.deepEqual(complaint, { kind: 'too-many', term: '', count: 130 });
});

test('terms that would not fit into a message are left out, and what is sent always fits', () => {
  const text = Array.from({ length: 100 }, (_, i) => `${'ї'.repeat(60)}${i}`).join('\n');
  const { terms, complaint } = parseVocabulary(text);
  assert.equal(complaint?.kind, 'too-much');
  assert.equal(complaint?.count, terms.length);
  assert.ok(terms.length > 40);
  assert.ok(new TextEncoder().encode(JSON.stringify(terms)).length <= MOST_BYTES + 2);
});

test('a speaker has a name of one line and 64 characters, or none', () => {
  assert.equal(speakerName('  Ada\n Lovelace '), 'Ada Lovelace');
  assert.equal(speakerName(' \t'), null);
  assert.equal([...(speakerName('🎓'.repeat(80)) ?? '')].length, 64);
});

test('settings come back as they were kept, and anything else as what is usual', () => {
  const kept = { language: 'uk', vocabulary: 'Kyiv', speaker: 'Ada', kind: 'shared', deviceId: 'd1', preset: 'line', isAloud: false };
  assert.deepEqual(checkedSettings(JSON.stringify(kept)), kept);
  for (const text of [null, '', '{', '[]', 'null', '7', '"x"', JSON.stringify({ language: '<b>', vocabulary: 4, speaker: {}, kind: 'file', deviceId: null, preset: 'constructor', isAloud: 'yes' })]) {
    assert.deepEqual(checkedSettings(text), DEFAULTS, String(text));
  }
  assert.equal(checkedSettings(JSON.stringify({ vocabulary: 'x'.repeat(20_001) })).vocabulary, '');
});

test('without storage settings work all the same', () => {
  const settings = new KeptMicSettings();
  settings.change({ vocabulary: 'Kyiv\nKyiv', speaker: ' Ada ', language: 'uk' });
  assert.deepEqual(speechOf(settings.current), { language: 'uk', vocabulary: ['Kyiv'], speaker: 'Ada' });
  assert.deepEqual(speechOf(DEFAULTS), { language: null, vocabulary: [], speaker: null });
});

test('no preset suppresses noise, and a mixer changes nothing', () => {
  for (const preset of Object.values(PRESETS)) assert.equal(preset.noiseSuppression, false);
  assert.deepEqual(PRESETS.line, {
    echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 2,
  });
  assert.equal(presetNamed('toString'), DEFAULT_PRESET);
  assert.equal(presetNamed('room'), 'room');
});

const usual = { state: 'listening', hold: NO_HOLD, lag: 0.4, unsent: 0 };
for (const [changes, words] of [
  [{}, 'Captions are less than a second behind.'],
  [{ lag: 1.2 }, 'Captions are about 1 second behind.'],
  [{ lag: 2.6 }, 'Captions are about 3 seconds behind.'],
  [{ lag: 8 }, 'The server is busy: captions are about 8 seconds behind.'],
  [{ lag: null }, ''],
  [{ unsent: 12.2 }, 'The network is slow: 12 seconds wait to be sent.'],
  [{ state: 'reconnecting', unsent: 0.2 }, 'Reconnecting. Your words are kept.'],
  [{ state: 'reconnecting', unsent: 12 }, 'Reconnecting. Your words are kept: 12 seconds so far.'],
  [{ state: 'reconnecting', unsent: 61 }, 'Away for more than a minute: the oldest words may be lost.'],
  [{ hold: { ...NO_HOLD, isMuted: true } }, 'Nobody hears you.'],
  [{ hold: { ...NO_HOLD, isMuted: true, isSpeaking: true } }, 'You seem to be speaking, but you are muted.'],
  [{ hold: { ...NO_HOLD, isMuted: true, isPaused: true } }, 'Nothing is captured. Press Pause again to go on.'],
  [{ hold: { ...NO_HOLD, hasSound: false } }, 'The session waits for you.'],
  [{ state: 'idle' }, ''],
  [{ state: 'connecting' }, ''],
]) {
  test(`the delay is said in plain words: ${words || JSON.stringify(changes)}`, () => {
    assert.equal(delayWords({ ...usual, ...changes }), words);
  });
}

test('the status names what holds the captions back, as long as there is a connection', () => {
  const muted = { ...NO_HOLD, isMuted: true };
  assert.equal(statusWords('listening', NO_HOLD), 'Listening');
  assert.equal(statusWords('listening', muted), 'Muted');
  assert.equal(statusWords('listening', { ...muted, isPaused: true }), 'Paused');
  assert.equal(statusWords('listening', { ...muted, hasSound: false }), 'No microphone');
  assert.equal(statusWords('reconnecting', muted), 'No connection, trying again');
  setInterfaceLanguage('de');
  assert.equal(statusWords('listening', muted), 'Stumm');
});

test('shortcuts need Alt and nothing else, on any keyboard', () => {
  const press = { altKey: true, ctrlKey: false, metaKey: false, shiftKey: false, key: 'm', code: 'KeyM' };
  assert.equal(altLetter(press), 'm');
  assert.equal(altLetter({ ...press, key: 'M' }), 'm');
  assert.equal(altLetter({ ...press, key: 'µ' }), 'm', 'macOS');
  assert.equal(altLetter({ ...press, key: 'ь' }), 'm', 'Ukrainian');
  assert.equal(altLetter({ ...press, key: 'm', code: 'Semicolon' }), 'm', 'French');
  assert.equal(altLetter({ ...press, key: ',', code: 'Comma' }), null);
  for (const wrong of [{ altKey: false }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }]) {
    assert.equal(altLetter({ ...press, ...wrong }), null);
  }
});

test('addresses for others lead to the room and carry nothing of the speaker’s', () => {
  const page = { href: 'https://cc.example:8443/?room=old&ui=de#token=secret' };
  assert.equal(viewerAddress(page, 'hall'), 'https://cc.example:8443/watch/hall');
  assert.equal(overlayAddress(page, 'hall'), 'https://cc.example:8443/overlay/hall');
  assert.equal(qrAddress(page, 'hall'), '/v1/rooms/hall/qr.svg?origin=https%3A%2F%2Fcc.example%3A8443');
  assert.equal(roomAddress(page, 'hall'), 'https://cc.example:8443/?room=hall&ui=de#token=secret');
  assert.deepEqual(['main', 'a_b-C1', '', 'a b', 'x'.repeat(65)].map(isRoomName), [true, true, false, false, false]);
});

test('an address of this machine alone is known as one', () => {
  for (const host of ['localhost', 'cc.localhost', '127.0.0.1', '127.8.9.1', '[::1]']) {
    assert.equal(isOwnMachine({ href: `http://${host}:8000/` }), true, host);
  }
  for (const host of ['cc.example', '192.168.1.7', 'localhost.example', '[fe80::1]', '128.0.0.1']) {
    assert.equal(isOwnMachine({ href: `http://${host}:8000/` }), false, host);
  }
});

test('speech is noticed within a second, and neither a click nor a quiet room is speech', () => {
  const watch = new SpeechWatch();
  const push = (rms, times) => Array.from({ length: times }, () => watch.push(rms)).at(-1);
  assert.equal(push(0.004, 100), false);
  assert.equal(push(0.5, 3), false);
  push(0.004, 20);
  assert.equal(push(0.1, 5), true);
  assert.equal(push(0.004, 10), true, 'a pause between words');
  assert.equal(push(0.004, 20), false);
});

test('a budget never holds more than its fill, and fills faster than speech', () => {
  const budget = new SendBudget(0);
  const full = budget.available(0);
  assert.equal(budget.available(1e6), full);
  budget.spend(full);
  assert.equal(budget.available(1e6), 0);
  assert.ok(budget.available(1e6 + 1000) > 16_000 * 1.2);
});
