import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columns } from '../../static/js/overlay/pieces.js';
import { RollUp } from '../../static/js/overlay/roll-up.js';
import { textOfRow } from '../../static/js/overlay/row-stack.js';
import { lawfulEvents } from './caption-script.mjs';
import { randomFrom, wholeBetween } from './random.mjs';

const OPTIONS = {
  lines: 2, width: 20, leastMs: 1500, holdMs: 5000, fadeMs: 600, partials: true, names: true,
  breaks: 'speaker',
};

const seqs = new Map();
function numbered(type, utterance, fields) {
  const session = fields.session ?? 's_a';
  const seq = (seqs.get(session) ?? 0) + 1;
  seqs.set(session, seq);
  return { type, seq, utterance, session, speaker: null, room: 'main', ...fields };
}
const delta = (utterance, text, fields = {}) => numbered('delta', utterance, { text, ...fields });
const final = (utterance, text, fields = {}) =>
  numbered('final', utterance, { text, language: 'en', start: 0, end: 1, words: [], ...fields });
let revisions = 0;
const partial = (utterance, text, fields = {}) => ({
  type: 'partial', utterance, revision: (revisions += 1), text, session: 's_a', speaker: null, ...fields,
});

/** @param {[number, any][]} script at which millisecond comes what */
function play(script, changes = {}) {
  const rollUp = new RollUp({ ...OPTIONS, ...changes });
  for (const [at, event] of script) rollUp.receive(event, at);
  return rollUp;
}

/** @param {RollUp} rollUp @param {number} [lines] @returns {string[]} what is to see */
const shown = (rollUp, lines = 2) => rollUp.rows.slice(-lines).map((row) => row.name + textOfRow(row));

test('words break into rows by their width, and only the last row grows', () => {
  const rollUp = play([[0, delta(1, 'Good morning everyone. Thank')], [10, delta(1, ' you for')]]);
  assert.deepEqual(shown(rollUp), ['Good morning', 'everyone. Thank you']);
  assert.deepEqual(rollUp.rows.map(({ isFull }) => isFull), [true, false]);
  rollUp.advance(1510);
  assert.deepEqual(shown(rollUp), ['everyone. Thank you', 'for']);
});

test('a tail stands behind the committed words, and its row stays when it is gone', () => {
  const rollUp = play([[0, delta(1, 'Good morning')], [5, partial(1, ' every one and some')]]);
  assert.deepEqual(shown(rollUp), ['Good morning every', ' one and some'].map((text) => text.trim()));
  rollUp.receive(partial(1, ' all'), 10);
  assert.deepEqual(shown(rollUp), ['Good morning all', '']);
  rollUp.receive(delta(1, ' everyone'), 20);
  assert.deepEqual(shown(rollUp), ['Good morning', 'everyone']);
  assert.equal(rollUp.rows.length, 2);
});

test('a tail that was committed otherwise does not stand there while the words wait', () => {
  const rollUp = play([[0, delta(1, 'aaaaaaaaaa bbbbbbbbbb cccc')], [1500, partial(1, ' dddd eeee')]]);
  assert.deepEqual(shown(rollUp), ['bbbbbbbbbb cccc dddd', 'eeee']);
  rollUp.receive(delta(1, ' ddddddd'), 1510);
  assert.deepEqual(shown(rollUp), ['bbbbbbbbbb cccc', 'ddddddd']);
  const waits = play([[0, delta(1, 'aaaaaaaaaa bbbbbbbbbb cc')], [10, partial(1, ' dd')], [20, delta(1, ' ddddddddd')]]);
  assert.deepEqual(shown(waits), ['aaaaaaaaaa', 'bbbbbbbbbb cc']);
});

test('a tail does not push out the words that it follows, and shows as much as there is room for', () => {
  const tail = ' a tail that is much longer than all the rows there are to see';
  const rollUp = play([[0, delta(1, 'Good morning')], [5000, partial(1, tail)]]);
  assert.deepEqual(shown(rollUp), ['Good morning a tail', 'that is much longer']);
  const single = play([[0, delta(1, 'Good morning')], [5000, partial(1, tail)]], { lines: 1 });
  assert.deepEqual(shown(single, 1), ['Good morning a tail']);
});

test('without partials only committed words are shown', () => {
  const rollUp = play([[0, partial(1, 'Good mor')], [5, delta(1, 'Good')]], { partials: false });
  assert.deepEqual(shown(rollUp), ['Good']);
});

test('the same voice goes on in its row, another one begins its own and is named', () => {
  const ada = { session: 's_a', speaker: 'Ada' };
  const bob = { session: 's_b', speaker: 'Bob' };
  const rollUp = play([
    [0, delta(1, 'Hello.', ada)], [10, final(1, 'Hello.', ada)], [20, delta(2, 'Well.', ada)],
    [30, final(2, 'Well.', ada)], [5000, delta(1, 'Yes.', bob)], [9000, delta(3, 'Good.', ada)],
  ]);
  assert.deepEqual(rollUp.rows.map((row) => row.name + textOfRow(row)),
    ['Ada: Hello. Well.', 'Bob: Yes.', 'Ada: Good.']);
  assert.deepEqual(shown(play([[0, delta(1, 'Hi.', ada)]], { names: false })), ['Hi.']);
});

test('each utterance begins a row where that is asked for', () => {
  const script = [[0, delta(1, 'One.')], [1, final(1, 'One.')], [2, delta(2, 'Two.')]];
  assert.deepEqual(shown(play(script, { breaks: 'utterance' })), ['One.', 'Two.']);
  assert.deepEqual(shown(play(script)), ['One. Two.']);
});

test('an utterance whose last words are still to come is not gone on from', () => {
  const rollUp = play([[0, delta(1, 'One')], [2, delta(2, 'Two.')], [3, delta(1, ' and a half.')]]);
  assert.deepEqual(shown(rollUp), ['One and a half.', 'Two.']);
});

test('two voices at once have a row each', () => {
  const bob = { session: 's_b', speaker: 'Bob' };
  const rollUp = play([
    [0, delta(1, 'I was')], [10, delta(1, 'No,', bob)], [20, delta(1, ' saying')], [30, delta(1, ' you', bob)],
  ]);
  assert.deepEqual(shown(rollUp), ['I was saying', 'Bob: No, you']);
});

test('a voice whose row was pushed out begins another', () => {
  const bob = { session: 's_b', speaker: 'Bob' };
  const rollUp = play([
    [0, delta(1, 'I was')], [3000, delta(1, 'No, you were not, I was talking', bob)],
    [6000, delta(1, ' saying')], [9000, final(1, 'I was saying')],
  ]);
  assert.deepEqual(rollUp.rows.map((row) => row.name + textOfRow(row)),
    ['I was', 'Bob: No, you were', 'not, I was talking', 'saying']);
  assert.ok(rollUp.rows[0].isFull);
});

test('a row is shown for a while before it leaves, and what waits is not lost', () => {
  const rollUp = play([[0, delta(1, 'one two three four. five six seven eight. nine ten')]]);
  assert.deepEqual(shown(rollUp), ['one two three four.', 'five six seven']);
  assert.equal(rollUp.nextAt(0), 1500);
  rollUp.advance(1499);
  assert.deepEqual(shown(rollUp), ['one two three four.', 'five six seven']);
  rollUp.advance(1500);
  assert.deepEqual(shown(rollUp), ['five six seven', 'eight. nine ten']);
});

test('the more waits the faster it goes, and what nobody could read runs through', () => {
  const words = (count) => Array.from({ length: count }, (_, i) => `word${i + 100}`).join(' ');
  const some = play([[0, delta(1, words(14))]]);
  assert.ok(some.nextAt(0) < 1500 && some.nextAt(0) >= 2000 / 8);
  let now = 0;
  while (some.nextAt(now) < now + 1500) some.advance((now = some.nextAt(now)));
  assert.ok(now <= 5000, `${now}`);
  assert.match(shown(some).join(' '), /word113$/);
  const much = play([[0, delta(1, words(300))]]);
  assert.match(shown(much).join(' '), /word399$/);
});

test('text is quiet when nothing new came for as long as it is held, then it is gone', () => {
  const rollUp = play([[1000, final(1, 'One.')]]);
  assert.equal(rollUp.isQuiet(5999), false);
  assert.equal(rollUp.nextAt(1000), 6000);
  assert.equal(rollUp.isQuiet(6000), true);
  rollUp.advance(6000);
  assert.deepEqual(shown(rollUp), ['One.']);
  assert.equal(rollUp.nextAt(6000), 6600);
  rollUp.advance(6600);
  assert.deepEqual(shown(rollUp), []);
  assert.equal(rollUp.nextAt(6600), Infinity);
});

test('events that change no text do not keep old text alive', () => {
  const rollUp = play([[0, partial(1, 'One.')], [4000, partial(1, 'One.')], [4500, delta(1, 'One.')],
    [4600, final(1, 'One.')], [4800, { ...numbered('utterance_started', 2, {}), start: 1 }]]);
  assert.equal(rollUp.isQuiet(5000), true);
});

test('what has faded does not come back when speech begins again, except what goes on', () => {
  const script = [[0, final(1, 'One.')], [100, final(2, 'Two.')], [9000, partial(3, 'Three')]];
  assert.deepEqual(shown(play(script)), ['Three']);
  assert.deepEqual(shown(play([[0, partial(1, 'Well')], [9000, partial(1, 'Well then')]])), ['Well then']);
  assert.equal(play(script).base, 1);
});

test('words that come while the last ones fade keep them', () => {
  const rollUp = play([[0, final(1, 'One.')], [5300, partial(2, 'Two')]]);
  assert.deepEqual(shown(rollUp), ['One. Two']);
  assert.equal(rollUp.isQuiet(5300), false);
});

test('with hold 0 nothing ever fades', () => {
  const rollUp = play([[0, final(1, 'One.')], [1e7, partial(2, 'Two')]], { holdMs: 0 });
  assert.deepEqual(shown(rollUp), ['One. Two']);
  assert.equal(rollUp.nextAt(1e7), Infinity);
});

const snapshot = (offset, finals, open = []) => ({
  type: 'snapshot', room: 'main', offset, finals, open_utterances: open,
});

test('a snapshot shows the last words at once, and a repeated one changes nothing', () => {
  const finals = Array.from({ length: 50 }, (_, i) => final(i + 1, `Sentence number ${i + 1}.`, { session: 's_s' }));
  const open = [{ session: 's_s', speaker: null, utterance: 51, start: 2, text: 'And', words: [], partial: ' th', revision: 1 }];
  const rollUp = play([[0, snapshot(9, finals, open)]]);
  assert.match(shown(rollUp).join(' '), /Sentence number 50\. And th$/);
  const rows = rollUp.rows;
  rollUp.receive({ ...snapshot(10, finals, open) }, 100);
  assert.deepEqual(rollUp.rows.map(textOfRow), rows.map(textOfRow));
  assert.equal(rollUp.isQuiet(5000), true);
});

test('what is skipped is never shown, and what follows is', () => {
  const rollUp = play([[0, snapshot(9, [final(1, 'Long ago.', { session: 's_k' })])]]);
  rollUp.skip();
  assert.deepEqual(shown(rollUp), []);
  rollUp.receive(snapshot(10, [final(1, 'Long ago.', { session: 's_k' })]), 50);
  assert.deepEqual(shown(rollUp), []);
  rollUp.receive(delta(2, 'Now.', { session: 's_k' }), 100);
  assert.deepEqual(shown(rollUp), ['Now.']);
});

test('gaps are not for an audience, and an utterance that came to nothing leaves an empty row', () => {
  const gap = { type: 'gap', seq: 1, from: 1, to: 2, reason: 'overload', session: 's_g' };
  const g = { session: 's_g' };
  const rollUp = play([[0, gap], [2, partial(3, 'x', g)], [3, partial(3, '', g)]]);
  assert.deepEqual(shown(rollUp), ['']);
  rollUp.receive({ ...delta(4, 'Yes.', g), seq: 2 }, 4);
  assert.equal(rollUp.rows.length, 2);
});

test('an empty row at the bottom is taken by whoever speaks next', () => {
  const e = { session: 's_e' };
  const rollUp = play([
    [0, delta(1, 'Good morning', e)], [1, partial(1, ' everyone and more', e)],
    [2, final(1, 'Good morning', e)], [3, delta(2, 'Hello there.', { session: 's_f' })],
  ]);
  assert.deepEqual(shown(rollUp), ['Good morning', 'Hello there.']);
  assert.equal(rollUp.rows.length, 2);
});

test('a long name leaves room for words, and gives way to a word that needs the row', () => {
  const speaker = 'Maximiliane-Alexandra von und zu Hohenstein';
  assert.deepEqual(shown(play([[0, delta(1, 'Yes.', { session: 's_n', speaker })]])), ['Maximil…: Yes.']);
  const wide = play([[0, delta(1, 'incomprehensibilities', { session: 's_n2', speaker })]]);
  assert.deepEqual(shown(wide), ['incomprehensibilitie', 's']);
});

test('every row of an utterance reads in its direction, and directions do not mix in one', () => {
  const rollUp = play([[0, delta(1, 'שלום לכולם OBS Studio היום', { session: 's_h' })],
    [1, final(1, 'שלום לכולם OBS Studio היום', { session: 's_h' })], [9, delta(2, 'Now.', { session: 's_h' })]],
  { lines: 4 });
  assert.deepEqual(rollUp.rows.map(({ direction }) => direction), ['rtl', 'rtl', 'ltr']);
});

test('a row holds no more than its measure says, whatever the width', () => {
  const rollUp = new RollUp({ ...OPTIONS, leastMs: 0 }, (text) => !text.includes('W') || text.length <= 6);
  rollUp.receive(delta(1, 'a b c W WW d e f', { session: 's_m' }), 0);
  assert.deepEqual(rollUp.rows.map(textOfRow), ['a b c', 'W WW d', 'e f']);
});

test('laid out anew the same words are shown, and words that come go on from there', () => {
  const r = { session: 's_r' };
  const rollUp = play([[0, delta(1, 'one two three four five six', r)], [5, partial(1, ' seven', r)]]);
  const wider = rollUp.relaid({ ...OPTIONS, width: 40 }, () => true, 10);
  assert.deepEqual(shown(wider), ['one two three four five six seven']);
  assert.ok(wider.rows[0].number > rollUp.rows[rollUp.rows.length - 1].number);
  wider.receive(delta(1, ' seven', r), 20);
  assert.deepEqual(shown(wider), ['one two three four five six seven']);
  const empty = play([[0, final(1, 'Gone.', { session: 's_r2' })]]);
  empty.advance(9000);
  assert.deepEqual(empty.relaid(OPTIONS, () => true, 9001).rows, []);
});

// --- what holds whatever comes ------------------------------------------------------------------

/** @param {() => number} random */
function randomOptions(random) {
  return {
    ...OPTIONS,
    lines: wholeBetween(random, 1, 4),
    width: wholeBetween(random, 16, 40),
    leastMs: [0, 500, 1500][wholeBetween(random, 0, 2)],
    holdMs: [0, 5000, 60000][wholeBetween(random, 0, 2)],
    partials: random() < 0.8,
    breaks: random() < 0.5 ? 'speaker' : 'utterance',
  };
}

/** Two sessions' events, mixed, with pauses; every event as a watcher gets it. */
function randomScript(random) {
  const voices = ['s_1', 's_2'].map((session) =>
    lawfulEvents(random, { events: 120, session }).map((event) => ({ ...event, speaker: `Voice ${session}` })));
  const script = [];
  let now = 0;
  while (voices.some(({ length }) => length > 0)) {
    const voice = voices[random() < 0.7 ? 0 : 1];
    if (voice.length === 0) voices.reverse();
    const event = voice.shift();
    if (!event) continue;
    now += random() < 0.03 ? 7000 : random() * 2500;
    script.push([now, event]);
  }
  return script;
}

/** Watches rows over time, and complains about the first that breaks a promise. */
class Witness {
  /** @type {Map<number, any>} each row as it was last */
  seen = new Map();

  constructor(options) {
    this.options = options;
  }

  look(rollUp) {
    const { rows } = rollUp;
    const { width } = this.options;
    const numbers = rows.map(({ number }) => number);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), 'rows stand in order');
    assert.ok(numbers.every((number, i) => i === 0 || number === numbers[i - 1] + 1), 'none is missing');
    for (const row of rows) {
      const text = row.name + textOfRow(row);
      if (row.committed.length + (row.tail ? 1 : 0) > 1) assert.ok(columns(text) <= width, text);
      const before = this.seen.get(row.number);
      if (!before) {
        assert.ok(row.number > Math.max(-1, ...this.seen.keys()), 'a new row is under all others');
      } else {
        assert.deepEqual(row.committed.slice(0, before.committed.length), before.committed, 'only added to');
        if (before.isFull) assert.deepEqual({ ...row }, { ...before }, 'a full row never changes');
      }
      if (row.isFull) assert.equal(row.tail, '');
      this.seen.set(row.number, row);
    }
  }

  /** @returns {string} all committed words that ever had a row, without spaces */
  get text() {
    return [...this.seen.values()].map(({ committed }) => committed.join('')).join('');
  }
}

/** @param {RollUp} rollUp @param {number} from @param {number} to @param {() => void} look */
function passTime(rollUp, from, to, look) {
  let now = from;
  for (let next = rollUp.nextAt(now); next <= to; next = rollUp.nextAt(now)) {
    assert.ok(next > now, 'time goes on');
    now = next;
    rollUp.advance(now);
    look();
  }
}

test('whatever is said, committed words stay in their rows, in order, and none is lost', () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = randomFrom(seed);
    const options = randomOptions(random);
    const rollUp = new RollUp(options);
    const witness = new Witness(options);
    const said = { s_1: '', s_2: '' };
    let now = 0;
    try {
      for (const [at, event] of randomScript(random)) {
        passTime(rollUp, now, at, () => witness.look(rollUp));
        now = at;
        rollUp.receive(event, now);
        witness.look(rollUp);
        if (event.type === 'delta') said[event.session] += event.text;
      }
      passTime(rollUp, now, now + 1e6, () => witness.look(rollUp));
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    const plain = (text) => [...text.replaceAll(/\s/g, '')].sort().join('');
    assert.ok(plain(witness.text) === plain(said.s_1 + said.s_2), `seed ${seed}: every word had a row`);
  }
});

test('of one voice the rows hold exactly what it said, in that order', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = randomFrom(seed);
    const options = { ...randomOptions(random), names: false };
    const rollUp = new RollUp(options);
    const witness = new Witness(options);
    /** @type {Map<number, string>} */
    const texts = new Map();
    let now = 0;
    for (const event of lawfulEvents(random, { events: 200, session: 's_1' })) {
      passTime(rollUp, now, now + 1200, () => witness.look(rollUp));
      now += 1200;
      rollUp.receive(event, now);
      witness.look(rollUp);
      if (event.type === 'delta') texts.set(event.utterance, (texts.get(event.utterance) ?? '') + event.text);
    }
    passTime(rollUp, now, now + 1e6, () => witness.look(rollUp));
    for (const [utterance, text] of texts) {
      // Utterances overlap, so each one's words are looked for by themselves, in order.
      const wanted = text.replaceAll(/\s/g, '');
      let at = 0;
      for (const one of witness.text.replaceAll(/\s/g, '')) if (one === wanted[at]) at += 1;
      assert.equal(at, wanted.length, `seed ${seed}, utterance ${utterance}`);
    }
  }
});

test('nobody has less than the promised time to read a row, unless much is waiting', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomFrom(seed);
    const options = { ...OPTIONS, lines: wholeBetween(random, 1, 3), holdMs: 0 };
    const rollUp = new RollUp(options);
    /** @type {Map<number, number>} */
    const complete = new Map();
    let now = 0;
    const look = () => {
      const inSight = rollUp.rows.slice(-options.lines);
      for (const row of inSight) complete.set(row.number, row.changedAt);
      const top = inSight[0]?.number ?? 0;
      for (const [number, at] of complete) {
        if (number >= top) continue;
        assert.ok(now - at >= 2000 / 8 - 1, `seed ${seed}: row ${number} left after ${now - at} ms`);
        complete.delete(number);
      }
    };
    let text = '';
    for (let i = 0; i < 200; i += 1) {
      const to = now + random() * 1200;
      for (let next = rollUp.nextAt(now); next <= to; next = rollUp.nextAt(now)) {
        now = next;
        rollUp.advance(now);
        look();
      }
      now = to;
      text = ` ${'abcdefghij'.slice(0, wholeBetween(random, 2, 9))}`.repeat(wholeBetween(random, 1, 3));
      rollUp.receive({ type: 'delta', seq: i + 1, utterance: 1, text, session: 's_t', speaker: null }, now);
      look();
    }
  }
});

test('rows never get further behind than the time to catch up', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = randomFrom(seed);
    const rollUp = new RollUp({ ...OPTIONS, holdMs: 0 });
    let now = 0;
    let said = '';
    for (let i = 0; i < 60; i += 1) {
      const text = ` ${'word'.repeat(wholeBetween(random, 1, 3))}`.repeat(wholeBetween(random, 1, 12));
      said += text;
      rollUp.receive({ type: 'delta', seq: i + 1, utterance: 1, text, session: 's_c', speaker: null }, now);
      now += random() * 600;
      rollUp.advance(now);
    }
    const end = now + 5000;
    for (let next = rollUp.nextAt(now); next <= end; next = rollUp.nextAt(now)) rollUp.advance((now = next));
    const last = shown(rollUp).join(' ').trim().split(' ').pop();
    assert.equal(last, said.trim().split(' ').pop(), `seed ${seed}`);
  }
});
