// What the operator's page says about a server, worked out from two of its states.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  drainWords,
  duration,
  History,
  problems,
  roomCells,
  sessionCells,
  statusWords,
  tiles,
} from '../../static/js/admin/state.js';

const delay = (count, total_s, late) => ({ count, total_s, late });

function state(changes = {}) {
  return {
    version: '1.0.0',
    status: 'ready',
    problem: null,
    uptime_s: 100,
    model: { name: 'small', device: 'cpu', compute_type: 'int8' },
    drain: { draining: false, sessions_left: 0 },
    streams: { active: 0, detached: 0, watchers: 0, limit: 8, capacity: null },
    captions: { words: 0, gap_s: 0, commit_delay: delay(0, 0, 0), first_text_delay: delay(0, 0, 0) },
    engine: { lanes: 1, queue: 0, queue_jobs: 0, busy_s: 0, turnaround_s: 0, batches: 0, rows: 0 },
    store: { failing: null, waiting: 0, lost: 0 },
    refusals: {},
    sinks: [],
    gpus: [],
    rooms: [],
    sessions: [],
    ...changes,
  };
}

const plain = (text) => text.replaceAll('\u00a0', ' ');

function tile(name, now, before = state()) {
  const { value, note, late } = tiles(now, before).find((each) => each.name === name);
  return { value: plain(value), note: plain(note), late: Boolean(late) };
}

test('the delay is that of the last minute, not of the whole life of the server', () => {
  const before = state({ captions: { ...state().captions, commit_delay: delay(1000, 9000, 900) } });
  const now = state({ captions: { ...state().captions, commit_delay: delay(1010, 9005, 901) }, uptime_s: 160 });
  assert.deepEqual(tile('Caption delay', now, before), {
    value: '0.50 s',
    note: '10 % later than 3 s',
    late: true,
  });
  const silent = { ...now, uptime_s: 220 };
  assert.equal(tile('Caption delay', silent, now).note, 'no words in the last minute');
});

test('what takes two looks to know is not said after the first', () => {
  const now = state({ engine: { ...state().engine, busy_s: 50, batches: 40, rows: 40 } });
  for (const name of ['Caption delay', 'Engine load']) {
    assert.deepEqual(tile(name, now, now), { value: '–', note: 'measuring', late: false }, name);
  }
});

test('the load is the share of time in which all lanes were busy', () => {
  const engine = { ...state().engine, lanes: 2, busy_s: 10, batches: 4, rows: 10 };
  const now = state({ uptime_s: 110, engine });
  const { value, note, late } = tile('Engine load', now);
  assert.deepEqual([value, note, late], ['50 %', '2.5 windows a batch', false]);
  assert.equal(tile('Engine load', { ...now, uptime_s: 120 }, now).note, 'nothing to decode');
});

test('places are those of the engine, once it is measured, but never more than are allowed', () => {
  const of = (capacity, active) =>
    tile('Speakers', state({ streams: { ...state().streams, capacity, active } }));
  assert.deepEqual(of(null, 1), { value: '1', note: 'at most 8', late: false });
  assert.deepEqual(of(3, 2), { value: '2', note: 'room for 3', late: false });
  assert.deepEqual(of(300, 8), { value: '8', note: 'room for 8', late: true });
});

test('speakers turned away because the server is full stand out', () => {
  const before = state({ refusals: { full: 2, bad_room: 1 } });
  const now = state({ refusals: { full: 5, bad_room: 2 } });
  assert.deepEqual(tile('Turned away', now, before), {
    value: '7',
    note: '3 because full, in the last minute',
    late: true,
  });
});

test('a GPU that is hot or full stands out', () => {
  const gpu = { index: 1, used_bytes: 2 ** 30, total_bytes: 80 * 2 ** 30, busy: 0.5, celsius: 60 };
  const of = (changes) => tile('GPU 1', state({ gpus: [{ ...gpu, ...changes }] }));
  assert.deepEqual(of({}), { value: '50 %', note: '1.0 of 80.0 GiB, 60 °C', late: false });
  assert.ok(of({ celsius: 90 }).late);
  assert.ok(of({ used_bytes: 79.9 * 2 ** 30 }).late);
});

test('trouble is told in sentences', () => {
  assert.deepEqual(problems(state()), []);
  const found = problems(
    state({
      problem: 'out of memory',
      store: { failing: 'disk full', waiting: 7, lost: 2 },
      sinks: [{ service: 'youtube', room: 'main', troubled: true }],
    }),
  );
  assert.equal(found.length, 4);
  assert.match(found[1], /disk full.*7 rows/);
});

test('the button says what it will do, and the words how far it is', () => {
  assert.equal(drainWords(state()).button, 'Drain this server');
  const left = (sessions_left) => drainWords(state({ drain: { draining: true, sessions_left } }));
  assert.equal(left(2).button, 'Take new work again');
  assert.match(left(2).words, /2 speakers are still here/);
  assert.match(left(1).words, /1 speaker is still here/);
  assert.match(left(0).words, /can be stopped/);
});

test('a history begins anew with a server that was restarted, and stays short', () => {
  const history = new History();
  for (let second = 0; second < 100; second += 2) history.push(state({ uptime_s: second }));
  assert.equal(history.newest.uptime_s - history.oldest.uptime_s, 60);
  history.push(state({ uptime_s: 1 }));
  assert.equal(history.oldest, history.newest);
});

test('rows say what is known and no more', () => {
  const session = {
    session: 's_1', room: 'main', connected: false, audio_s: 3700, lag_s: 0.25, hop_s: 0.5,
    delay_s: null, words: 12, language: null,
  };
  const cells = sessionCells(session).map(plain);
  assert.deepEqual(cells, [
    'main', 'connection lost', '–', '1 h 1 min', '12', '–', '0.3 s', '0.50 s', 's_1',
  ]);
  const room = { room: 'main', tag: 'r_1', publishers: 1, detached: 2, watchers: 3 };
  assert.deepEqual(roomCells(room), ['main', '1 (+2 lost)', '3', 'r_1']);
});

test('times and states are words', () => {
  assert.deepEqual([5.9, 61, 7265, 400_000].map(duration), ['5 s', '1 min', '2 h 1 min', '4 days']);
  assert.equal(statusWords('draining'), 'Draining');
  assert.equal(statusWords('something new'), 'something new');
});
