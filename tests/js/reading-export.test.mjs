import assert from 'node:assert/strict';
import { test } from 'node:test';

import { applyEvent, NO_CAPTIONS } from '../../static/js/caption/caption-model.js';
import { brokenLines, LINE_COLUMNS } from '../../static/js/read/cue-lines.js';
import { cues, toSrt, toText, toVtt } from '../../static/js/read/exporters.js';
import { clockTimes, spans } from '../../static/js/read/timeline.js';
import { lawfulEvents } from './caption-script.mjs';
import { ready } from './fake-network.mjs';
import { randomFrom, wholeBetween } from './random.mjs';

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
const NOON = 1_700_000_000_000;

/** @param {[any, number | null][]} events with the moment of their arrival @returns {readonly any[]} */
const linesOf = (events) =>
  events.reduce((captions, [event, now]) => applyEvent(captions, event, now), NO_CAPTIONS).lines;

let seqs = 0;
/** When each session began. */
const at = (ms) => ({ started_at: new Date(ms).toISOString() });
const final = (session, utterance, text, start, end, more = {}) => ({
  type: 'final', seq: (seqs += 1), utterance, text, start, end, language: 'en', speaker: null, words: [],
  session, ...at(NOON), ...more,
});
const began = (session, utterance, start, more = {}) => ({
  type: 'utterance_started', seq: (seqs += 1), session, utterance, start, ...at(NOON), ...more,
});
/** An utterance as it arrives live. */
const live = (session, utterance, text, start, end, { zero = NOON, lateMs = 300 } = {}) => [
  [began(session, utterance, start, at(zero)), zero + 1000 * start + lateMs],
  [final(session, utterance, text, start, end, at(zero)), zero + 1000 * end + lateMs],
];
const PLAIN = { times: false, speakers: true, clock: () => '' };

// --- lines -------------------------------------------------------------------------------------

test('a sentence is broken into even lines that fit, and nothing of it is lost', () => {
  const text = 'The server is ready, but the database is slow, and three of them had a problem on Monday.';
  const lines = brokenLines(text);
  assert.equal(lines.join(' '), text);
  assert.ok(lines.every((line) => line.length <= LINE_COLUMNS), lines.join('|'));
  assert.deepEqual(brokenLines('Short.'), ['Short.']);
  assert.deepEqual(brokenLines(' \n\t'), []);
  assert.deepEqual(brokenLines('Before anything else, we talk about our plans.'),
    ['Before anything else,', 'we talk about our plans.'], 'a phrase end is the better place');
});

test('letters of double width are divided anywhere, but no line begins with a closing mark', () => {
  const text = '今日は皆さんに新しいサーバーについてお話しします。準備はできていますが、データベースが遅いです。';
  const lines = brokenLines(text);
  assert.equal(lines.join(''), text);
  for (const line of lines) {
    assert.ok([...line].length * 2 <= LINE_COLUMNS, line);
    assert.doesNotMatch(line, /^[。、]/);
  }
});

test('words longer than a line are divided between letters, and emoji stay whole', () => {
  const family = '👩‍👩‍👧‍👦';
  const lines = brokenLines(family.repeat(60) + 'é'.normalize('NFD').repeat(100));
  assert.equal(lines.join(''), family.repeat(60) + 'é'.normalize('NFD').repeat(100));
  for (const line of lines) assert.doesNotMatch(line, /^[\u200d\u0301]/);
});

// --- times -------------------------------------------------------------------------------------

test('late news does not move the clock: a phone that slept gets the true times', () => {
  const lines = linesOf([
    ...live('s', 1, 'One.', 1, 2),
    ...live('s', 2, 'Two.', 10, 11, { lateMs: 95_000 }),
    ...live('s', 3, 'Three.', 70, 71, { lateMs: 34_000 }),
    ...live('s', 4, 'Four.', 120, 121, { lateMs: 500 }),
  ]);
  const times = lines.map(({ key }) => clockTimes(lines).get(key) - NOON);
  assert.deepEqual(times, [1000, 10_000, 70_000, 120_000]);
});

test('a pause that was never sent moves the clock', () => {
  const lines = linesOf([
    ...live('s', 1, 'Before.', 1, 2),
    ...live('s', 2, 'After ten minutes.', 3, 4, { lateMs: 600_300 }),
    ...live('s', 3, 'And on.', 5, 6, { lateMs: 600_900 }),
  ]);
  assert.deepEqual([...spans(lines).values()].map(({ from }) => from), [1000, 603_300, 605_300]);
});

test('one session keeps the times of its audio', () => {
  const lines = linesOf([...live('s', 1, 'One.', 4, 5), ...live('s', 2, 'Two.', 62.5, 63, { lateMs: 900 })]);
  assert.deepEqual([...spans(lines).values()].map(({ from }) => from), [4000, 62_500]);
});

test('two speakers stand at their true distance from each other', () => {
  const lines = linesOf([
    ...live('a', 1, 'Hello.', 10, 11), ...live('b', 1, 'Hi.', 2, 3, { zero: NOON + 20_000 }),
  ]);
  assert.deepEqual([...spans(lines).values()].map(({ from }) => from), [10_000, 22_000]);
});

test('what was said before the page came has its true time, also of sessions that are over', () => {
  const open = { type: 'snapshot', room: 'm', offset: 9,
    finals: [final('old', 7, 'Far back.', 900, 901, at(NOON - 3_600_000)), final('s', 1, 'Old.', 5, 6)],
    open_utterances: [{ session: 's', speaker: null, utterance: 2, start: 9, text: 'And', words: [],
      partial: '', revision: 0, ...at(NOON) }] };
  const lines = linesOf([[open, NOON + 10_000]]);
  assert.deepEqual([...clockTimes(lines).values()], [NOON - 2_700_000, NOON + 5000, NOON + 9000]);
  assert.deepEqual([...spans(lines).values()].map(({ from }) => from), [900_000, 3_605_000, 3_609_000]);
});

test('a publisher\'s own lines are placed by the time that it was told at the start', () => {
  const { session: _, ...own } = final('s', 1, 'Mine.', 5, 6, { started_at: undefined });
  const lines = linesOf([[{ ...ready(), ...at(NOON) }, NOON + 100], [own, NOON + 6400]]);
  assert.equal(clockTimes(lines).get(lines[0].key), NOON + 5000);
});

test('what has no place on the clock follows what was read before it', () => {
  const hole = { type: 'gap', seq: (seqs += 1), session: 'b', from: 3, to: 5, reason: 'overload' };
  const lines = linesOf([[final('a', 1, 'One.', 1, 2.5), null], [hole, null]]);
  assert.deepEqual([...clockTimes(lines).keys()], ['a/1']);
  assert.deepEqual([...spans(lines).values()], [{ from: 1000, to: 2500 }, { from: 2500, to: 4500 }]);
  const old = { started_at: null };
  const stored = linesOf([[final('a', 1, 'Old.', 1, 2.5, old), null], [final('a', 2, 'New.', 3, 4, old), NOON]]);
  assert.deepEqual([...spans(stored).values()], [{ from: 0, to: 1500 }, { from: 1500, to: 2500 }]);
});

// --- files -------------------------------------------------------------------------------------

test('WebVTT and SubRip are written as their formats ask', () => {
  const lines = linesOf([
    [{ type: 'snapshot', room: 'm', offset: 1, open_utterances: [], finals: [
      final('s', 1, 'Tom & <b>Jerry</b> --> here', 1, 2.5, { speaker: 'Ada <3' }),
      final('s', 2, 'Good morning.', 3661.007, 3662),
    ] }, NOON],
  ]);
  assert.equal(toVtt(lines), `WEBVTT

00:00:01.000 --> 00:00:02.500
<v Ada &lt;3>Tom &amp; &lt;b&gt;Jerry&lt;/b&gt; --&gt; here</v>

01:01:01.007 --> 01:01:02.000
Good morning.
`);
  assert.equal(toSrt(lines), `1
00:00:01,000 --> 00:00:02,500
Ada <3: Tom & <b>Jerry</b> -> here

2
01:01:01,007 --> 01:01:02,000
Good morning.
`);
});

test('a long utterance becomes several cues, timed by its words', () => {
  const text = 'First we look at the plan for this week. Then we decide what to do about the slow server in the hall.';
  const words = text.split(' ').map((word, i) => ({
    text: word, start: 10 + i + (i > 8 ? 20 : 0), end: 10.5 + i + (i > 8 ? 20 : 0), probability: 1,
  }));
  const [line] = linesOf([[final('s', 1, text, 9.5, 51, { words }), null]]);
  const shown = cues([line]);
  assert.equal(shown.length, 2);
  assert.equal(shown.flatMap(({ lines }) => lines).join(' '), text);
  assert.equal(shown[0].from, 9500);
  assert.equal(shown[1].to, 51_000);
  const firstOfSecond = words[shown[0].lines.join(' ').split(' ').length];
  assert.equal(shown[1].from, 1000 * firstOfSecond.start);
});

test('what may still change is in no file, and an open line is with what it has', () => {
  const lines = linesOf([
    [began('s', 1, 1), NOON],
    [{ type: 'delta', seq: (seqs += 1), session: 's', utterance: 1, text: 'Committed' }, NOON],
    [{ type: 'partial', session: 's', utterance: 1, revision: 1, text: ' perhaps' }, NOON],
    [{ type: 'partial', session: 's', utterance: 2, revision: 1, text: 'Only perhaps' }, NOON],
  ]);
  for (const file of [toText(lines, PLAIN), toSrt(lines), toVtt(lines)]) {
    assert.match(file, /Committed/);
    assert.doesNotMatch(file, /perhaps/);
  }
});

test('plain text names a speaker where the voice changes, and the time where it is wished', () => {
  const say = (session, utterance, text, speaker, start) => [
    [began(session, utterance, start, { speaker }), NOON + 1000 * start],
    [final(session, utterance, text, start, start + 1, { speaker }), NOON + 1000 * start + 1000],
  ];
  const lines = linesOf([
    ...say('a', 1, 'One.', 'Ada', 1), ...say('a', 2, 'Two.', 'Ada', 3), ...say('b', 1, 'Three.', 'Bo\nb', 5),
    [{ type: 'gap', seq: (seqs += 1), session: 'b', from: 9, to: 10.4, reason: 'overload', ...at(NOON) }, NOON + 10_400],
    ...say('b', 2, 'Four\u2028four.', 'Bo\nb', 12),
  ]);
  assert.equal(toText(lines, PLAIN),
    'Ada: One.\nTwo.\nBo b: Three.\n[1.4 s were not captioned: the server could not keep up.]\nFour four.\n');
  assert.equal(toText(lines.slice(0, 2), { times: true, speakers: false, clock: (ms) => `${ms - NOON}` }),
    '[1000] One.\n[3000] Two.\n');
});

test('nothing to save gives files that are valid all the same', () => {
  assert.equal(toText([], PLAIN), '');
  assert.equal(toSrt([]), '');
  assert.equal(toVtt([]), 'WEBVTT\n');
});

test('whatever was said: every committed letter is in the file once, and cues are in order', () => {
  for (const seed of SEEDS) {
    const random = randomFrom(seed);
    let now = NOON;
    const events = lawfulEvents(random, { events: 200 }).map((event) => [
      event, (now += wholeBetween(random, 0, 2000)),
    ]);
    const lines = linesOf([[ready(), NOON], ...events]);
    const expected = lines.filter(({ kind }) => kind === 'utterance')
      .flatMap(({ committed }) => [...committed.join('').replace(/\s+/g, '')]).sort();
    const shown = cues(lines);
    const found = shown.flatMap(({ lines: texts }) => texts).filter((text) => !/captioned|missing|keep up/.test(text));
    assert.deepEqual([...found.join('').replace(/\s+/g, '')].sort(), expected, `seed ${seed}`);
    for (const [i, { from, to, lines: texts }] of shown.entries()) {
      assert.ok(to > from && from >= 0 && Number.isInteger(from) && Number.isInteger(to), `seed ${seed}`);
      assert.ok(i === 0 || shown[i - 1].from <= from, `seed ${seed}`);
      assert.ok(texts.length >= 1 && texts.length <= 2, `seed ${seed}`);
    }
  }
});
