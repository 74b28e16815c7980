import assert from 'node:assert/strict';
import { test } from 'node:test';

import { STRINGS } from '../../static/js/i18n/strings.js';
import {
  AWAKE, endingOf, reasonOf, reasonOfDiagnosis, watchState,
} from '../../static/js/page/watch-state.js';
import { lineStamps } from '../../static/js/read/line-stamps.js';

const there = (publishers, detached) => ({ link: 'open', presence: { publishers, detached } });

test('who is there decides the state of an open connection, and nothing else does of another', () => {
  assert.equal(watchState(there(1, 0)), 'live');
  assert.equal(watchState(there(2, 1)), 'live-without');
  assert.equal(watchState(there(0, 0)), 'nobody');
  assert.equal(watchState(there(0, 3)), 'speaker-lost');
  assert.equal(watchState({ link: 'open', presence: null }), 'live');
  for (const link of ['connecting', 'lost', 'ended']) {
    assert.equal(watchState({ ...there(1, 0), link }), link);
  }
});

test('every state, ending and reason has its words', () => {
  const states = ['connecting', 'live', 'live-without', 'nobody', 'speaker-lost', 'lost', 'ended'];
  for (const state of states) {
    for (const part of ['status', 'headline', 'note']) assert.ok(STRINGS.en[`watch.${state}.${part}`]);
  }
  for (const state of AWAKE) assert.ok(states.includes(state));
  for (const ending of ['revoked', 'refused', 'version', 'bad-room']) {
    for (const part of ['title', 'advice']) assert.ok(STRINGS.en[`watch.ending.${ending}.${part}`]);
  }
  for (const reason of ['offline', 'unreachable', 'full', 'restarting']) {
    assert.ok(STRINGS.en[`watch.because.${reason}`]);
  }
});

test('an end for good has its reason, and an unknown one asks for a newer page', () => {
  assert.deepEqual([4501, 4503, 4504, 4507, 4999, 1002].map((code) => endingOf({ code })),
    ['revoked', 'refused', 'refused', 'version', 'version', 'version']);
});

test('a loss has its reason as far as somebody knows it', () => {
  assert.deepEqual([1012, 1001, 1013, 1006, 4008].map((code) => reasonOf({ code })),
    ['restarting', 'restarting', 'full', null, null]);
  assert.equal(reasonOfDiagnosis('unreachable', false), 'offline');
  assert.equal(reasonOfDiagnosis('unreachable', true), 'unreachable');
  assert.equal(reasonOfDiagnosis('full', true), 'full');
  assert.equal(reasonOfDiagnosis('draining', true), 'restarting');
  assert.equal(reasonOfDiagnosis('refused', true), 'unreachable');
});

test('the first utterance of each minute has a stamp; one of unknown time has none', () => {
  const line = (key, at) => ({ kind: 'utterance', key, session: key, start: null, end: null, at });
  const stamps = lineStamps(
    [{ ...line('gap', 59_000), kind: 'gap' }, line('a', null), line('b', 60_000), line('c', 61_000), line('d', 119_999), line('e', 120_000)],
    (ms) => `t${ms}`,
  );
  assert.deepEqual([...stamps], [['b', 't60000'], ['e', 't120000']]);
});
