import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MAX_LINES, textOf } from '../../static/js/caption/caption-lines.js';
import { applyEvent, NO_CAPTIONS } from '../../static/js/caption/caption-model.js';
import { gapWords } from '../../static/js/caption/gap-words.js';
import { lawfulEvents } from './caption-script.mjs';
import { ready } from './fake-network.mjs';
import { randomFrom, wholeBetween } from './random.mjs';

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

/** @param {any[]} events @param {any} from */
const play = (events, from = NO_CAPTIONS) =>
  events.reduce((captions, event) => applyEvent(captions, event), from);

const delta = (seq, utterance, text) => ({ type: 'delta', seq, utterance, text, words: [] });
const partial = (utterance, revision, text) => ({ type: 'partial', utterance, revision, text });
const final = (seq, utterance, text) => ({
  type: 'final', seq, utterance, text, start: 0, end: 1, language: 'en', speaker: null, words: [],
});

/** @param {any} captions */
const shown = (captions) => captions.lines.map(textOf);

test('a delta appends and clears the tail, a partial replaces the tail, a final closes', () => {
  let captions = play([partial(1, 1, 'Good mourning')]);
  assert.deepEqual(captions.lines[0].tail, 'Good mourning');
  captions = play([partial(1, 2, 'Good morning every')], captions);
  assert.deepEqual(shown(captions), ['Good morning every']);
  captions = play([delta(2, 1, 'Good morning')], captions);
  assert.deepEqual([captions.lines[0].committed, captions.lines[0].tail], [['Good morning'], '']);
  captions = play([partial(1, 3, ' everyone'), delta(3, 1, ' everyone.'), final(4, 1, 'Good morning everyone.')], captions);
  const [line] = captions.lines;
  assert.deepEqual([line.committed, line.tail, line.closed, line.language],
    [['Good morning', ' everyone.'], '', true, 'en']);
});

test('committed text only grows, tails end with their utterance, lines keep their order', () => {
  for (const seed of SEEDS) {
    let captions = play([ready()]);
    for (const event of lawfulEvents(randomFrom(seed), { events: 300 })) {
      const next = applyEvent(captions, event);
      const after = new Map(next.lines.map((line) => [line.key, line]));
      for (const line of captions.lines.filter(({ kind }) => kind === 'utterance')) {
        const now = after.get(line.key);
        assert.deepEqual(now.committed.slice(0, line.committed.length), line.committed);
        if (line.closed) assert.equal(now, line, 'a closed line never changes');
      }
      for (const line of next.lines) assert.ok(!line.closed || line.tail === '', `seed ${seed}`);
      const order = next.lines.map(({ utterance }) => utterance);
      assert.deepEqual(order, [...order].sort((a, b) => a - b), `seed ${seed}`);
      captions = next;
    }
  }
});

test('each closed line shows exactly the text of its final', () => {
  for (const seed of SEEDS) {
    const events = lawfulEvents(randomFrom(seed), { events: 300 });
    const captions = play([ready(), ...events]);
    for (const { utterance, text } of events.filter(({ type }) => type === 'final')) {
      const line = captions.lines.find(({ key }) => key === `s_1/${utterance}`);
      assert.equal(textOf(line), text, `seed ${seed}`);
    }
    const gaps = events.filter(({ type }) => type === 'gap').length;
    assert.equal(captions.lines.filter(({ kind }) => kind === 'gap').length, gaps);
  }
});

test('a replay of any stretch that was seen already changes nothing', () => {
  for (const seed of SEEDS) {
    const random = randomFrom(seed);
    const events = lawfulEvents(random, { events: 200 });
    let captions = play([ready()]);
    for (const [i, event] of events.entries()) {
      captions = applyEvent(captions, event);
      if (random() < 0.9) continue;
      const from = wholeBetween(random, 0, i);
      const replay = events.slice(from, i + 1).filter(({ seq }) => seq !== undefined);
      assert.deepEqual(play(replay, captions), captions, `seed ${seed}`);
    }
  }
});

test('two sessions in one room do not disturb each other', () => {
  for (const seed of SEEDS) {
    const random = randomFrom(seed);
    const scripts = ['s_a', 's_b'].map((session) => lawfulEvents(random, { events: 150, session }));
    const alone = scripts.map((script) => play(script).lines);
    const mixed = [];
    let offset = 0;
    while (scripts.some((script) => script.length > 0)) {
      const script = scripts[wholeBetween(random, 0, 1)];
      const event = script.shift();
      if (event) mixed.push(event.seq === undefined ? event : { ...event, offset: (offset += 1) });
    }
    const { lines } = play(mixed);
    for (const [i, session] of ['s_a', 's_b'].entries()) {
      assert.deepEqual(lines.filter((line) => line.session === session), alone[i], `seed ${seed}`);
    }
  }
});

test('an earlier utterance that gets its text later still stands first', () => {
  const captions = play([ready(), partial(2, 1, 'second'), partial(1, 1, 'first')]);
  assert.deepEqual(shown(captions), ['first', 'second']);
});

test('a partial that was overtaken is ignored', () => {
  const captions = play([ready(), partial(1, 2, 'new'), partial(1, 1, 'old')]);
  assert.deepEqual(shown(captions), ['new']);
  assert.equal(applyEvent(captions, partial(1, 2, 'again')), captions);
});

test('nothing about an utterance is heard after its final', () => {
  const captions = play([ready(), delta(1, 1, 'done'), final(2, 1, 'done')]);
  const { lines } = play([partial(1, 9, ' ghost'), delta(3, 1, ' ghost')], captions);
  assert.deepEqual(lines.map(textOf), ['done']);
});

test('an utterance without words leaves no line', () => {
  const started = { type: 'utterance_started', seq: 1, utterance: 1, start: 0 };
  assert.deepEqual(play([ready(), started, partial(1, 1, ''), final(2, 1, '')]).lines, []);
});

test('a final whose deltas were missed brings its whole text', () => {
  assert.deepEqual(shown(play([final(7, 3, 'All of it.')])), ['All of it.']);
});

test('a resumed session goes on, a new one marks the break and drops the orphaned tail', () => {
  const before = play([ready(), delta(1, 1, 'Hello'), partial(1, 1, ' wor')]);
  const resumed = play([ready({ resumed: true }), delta(2, 1, ' world')], before);
  assert.deepEqual(shown(resumed), ['Hello world']);
  const fresh = play([ready({ session: 's_2' }), delta(1, 1, 'Again')], before);
  assert.deepEqual(fresh.lines.map(({ kind }) => kind), ['utterance', 'gap', 'utterance']);
  assert.deepEqual(shown(fresh), ['Hello', '', 'Again']);
  assert.equal(fresh.lines[1].reason, 'not_resumed');
  const told = play([{ type: 'gap', seq: 2, from: 0, to: 3.5, reason: 'not_resumed' }], fresh);
  assert.deepEqual(told.lines.map(({ kind }) => kind), ['utterance', 'gap', 'utterance']);
  assert.equal(told.lines[1].seconds, 3.5, 'the server’s account replaces the guess');
});

test('a session after one that was ended calmly is no break', () => {
  const closed = (reason) => ({ type: 'closed', reason, audio_s: 1, lost_s: 0 });
  const said = [ready(), delta(1, 1, 'First.'), final(2, 1, 'First.')];
  const next = [ready({ session: 's_2' }), delta(1, 1, 'Second.')];
  assert.deepEqual(shown(play([...said, closed('stop'), ...next])), ['First.', 'Second.']);
  assert.deepEqual(shown(play([...said, closed('going_away'), ...next])), ['First.', '', 'Second.']);
});

const room = (event) => ({ room: 'main', session: 's_a', speaker: null, ...event });
const snapshot = (offset, finals, open) => ({
  type: 'snapshot', room: 'main', offset, finals, open_utterances: open,
});
const open = (utterance, text, tail) => ({
  session: 's_a', speaker: 'Ada', utterance, start: 0, text, words: [], partial: tail, revision: 2,
});

test('a snapshot shows what is there, and earlier events do not repeat it', () => {
  const captions = play([
    snapshot(10, [room({ ...final(4, 1, 'One.'), offset: 10 })], [open(2, 'Two', ' and')]),
    room({ ...delta(3, 2, 'Two'), offset: 9 }),
    room({ ...delta(6, 2, ' three'), offset: 11 }),
  ]);
  assert.deepEqual(shown(captions), ['One.', 'Two three']);
  assert.equal(captions.lines[1].speaker, 'Ada');
});

test('what a snapshot holds of an open utterance is not appended again', () => {
  const captions = play([
    snapshot(10, [], [open(2, 'Two', '')]),
    room({ ...delta(3, 2, 'Two'), offset: 10 }),
    room({ ...delta(4, 2, ' three'), offset: 11 }),
  ]);
  assert.deepEqual(shown(captions), ['Two three']);
});

test('a snapshot after a reconnect completes what was shown and closes what is over', () => {
  const before = play([
    snapshot(0, [], []),
    room({ ...delta(2, 1, 'One'), offset: 1 }),
    room({ ...delta(4, 2, 'Two'), offset: 2 }),
    room(partial(2, 1, ' lost tail')),
    room({ ...delta(6, 3, 'Three'), offset: 3 }),
  ]);
  const after = play([
    snapshot(20, [room({ ...final(9, 1, 'One is done.'), offset: 18 })], [open(3, 'Three goes', ' on')]),
  ], before);
  assert.deepEqual(shown(after), ['One is done.', 'Two', 'Three goes on']);
  assert.deepEqual(after.lines.map(({ closed }) => closed), [true, true, false]);
  assert.deepEqual(after.lines[0].committed, ['One', ' is done.']);
});

test('a server that begins its offsets anew is followed', () => {
  const before = play([snapshot(500, [], []), room({ ...delta(1, 1, 'Old'), offset: 501 })]);
  const after = play([
    snapshot(0, [], []), room({ ...delta(1, 1, 'New'), session: 's_b', offset: 1 }),
  ], before);
  assert.deepEqual(shown(after), ['Old', 'New']);
});

test('a page that was away for longer than the server remembers says that words may be missing', () => {
  const before = play([snapshot(0, [], []), room({ ...final(1, 1, 'One.'), offset: 1 })]);
  const after = play([snapshot(99, [room({ ...final(80, 40, 'Forty.'), offset: 98 })], [])], before);
  assert.deepEqual(after.lines.map(({ kind }) => kind), ['utterance', 'gap', 'utterance']);
  assert.equal(after.lines[1].seconds, null);
  const known = [room({ ...final(1, 1, 'One.'), offset: 1 }), room({ ...final(2, 2, 'Two.'), offset: 2 })];
  assert.deepEqual(shown(play([snapshot(2, known, [])], before)), ['One.', 'Two.']);
});

test('a snapshot that ends where the page is brings nothing: what was missed follows it', () => {
  const before = play([
    snapshot(10, [], [open(2, 'Two', ' and')]), room({ ...delta(4, 2, ' three'), offset: 11 }),
  ]);
  const resumed = play([snapshot(11, [], [])], before);
  assert.equal(resumed, before);
  assert.deepEqual(shown(play([room({ ...delta(5, 2, ' four'), offset: 12 })], resumed)),
    ['Two three four']);
});

test('a line knows when it was said: by the audio clock, and by the page that heard of it', () => {
  let captions = applyEvent(NO_CAPTIONS, ready(), 1_000);
  const began = { type: 'utterance_started', seq: 1, utterance: 1, start: 2.5 };
  captions = applyEvent(captions, began, 4_000);
  captions = applyEvent(captions, partial(1, 1, 'Hel'), 5_000);
  assert.deepEqual([captions.lines[0].start, captions.lines[0].at], [2.5, 4_000]);
  assert.equal(captions.begun.size, 0);
  const words = [{ text: 'Hello.', start: 2.6, end: 3.1, probability: 1 }];
  captions = applyEvent(captions, { ...final(2, 1, 'Hello.'), start: 2.4, end: 3.2, words }, 6_000);
  const [{ start, at, end, words: kept }] = captions.lines;
  assert.deepEqual([start, at, end, kept], [2.4, 4_000, 3.2, words]);
  captions = applyEvent(captions, { type: 'gap', seq: 3, from: 9, to: 11, reason: 'overload' }, 12_000);
  const { start: from, end: to, at: told } = captions.lines[1];
  assert.deepEqual([from, to, told], [9, 11, 12_000]);
});

test('what was said before the page came has a place on the audio clock only', () => {
  const { lines } = applyEvent(NO_CAPTIONS,
    snapshot(10, [room({ ...final(4, 1, 'One.'), start: 7, end: 8, offset: 10 })], [open(2, 'Two', '')]), 99);
  assert.deepEqual(lines.map(({ start, at }) => [start, at]), [[7, null], [0, null]]);
});

test('an open line is taken to be in the language of the line before', () => {
  const captions = play([ready(), final(1, 1, 'Hei.'), { ...final(2, 2, 'こんにちは'), language: 'ja' },
    partial(3, 1, '元気')]);
  assert.deepEqual(captions.lines.map(({ language }) => language), ['en', 'ja', 'ja']);
});

test('utterances that begin and never get words are bounded', () => {
  let captions = play([ready()]);
  for (let i = 1; i <= 1000; i += 1) {
    captions = applyEvent(captions, { type: 'utterance_started', seq: i, utterance: i, start: i });
  }
  assert.ok(captions.begun.size <= 256);
});

test('lines and remembered sessions are bounded', () => {
  let captions = NO_CAPTIONS;
  for (let i = 1; i <= MAX_LINES + 50; i += 1) {
    captions = applyEvent(captions, room({ ...final(1, 1, `${i}`), session: `s_${i}`, offset: i }));
  }
  assert.equal(captions.lines.length, MAX_LINES);
  assert.equal(textOf(captions.lines.at(-1)), String(MAX_LINES + 50));
  assert.ok(captions.lastSeq.size <= 256);
});

test('a gap says how long it is and why', () => {
  const [line] = play([
    ready(), { type: 'gap', seq: 1, from: 12, to: 13.4, reason: 'overload' },
  ]).lines;
  assert.equal(gapWords(line), '1.4 s were not captioned: the server could not keep up.');
  assert.equal(gapWords({ seconds: 75.2, reason: 'from the future' }), '75 s were not captioned.');
  assert.equal(gapWords({ seconds: null, reason: 'not_resumed' }),
    'Some words may be missing here: the connection was lost.');
  assert.equal(gapWords({ seconds: 0, reason: 'not_resumed' }),
    'Some words may be missing here: the connection was lost.');
  assert.equal(gapWords({ seconds: 2, reason: 'constructor' }), '2 s were not captioned.');
});
