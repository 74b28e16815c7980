import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BUFFERED_LIMIT } from '../../static/js/net/caption-socket.js';
import { CHUNK, counting, publisher } from './publisher.mjs';

const CLOSED = {
  type: 'closed', reason: 'stop', audio_s: 1, captioned_s: 1, silent_s: 0, lost_s: 0,
};

test('stop sends what is left, then says so, and waits for closed', async () => {
  const { network, log, socket, speak, goLive } = publisher();
  goLive();
  speak(2);
  const stopped = socket.stop();
  assert.deepEqual(network.last.messages.at(-1), { type: 'stop' });
  assert.equal(network.last.isClosedByUs, false);
  network.last.say({
    type: 'final', seq: 3, utterance: 1, text: 'Hei.', start: 0, end: 1, language: 'fi',
    speaker: null, words: [],
  });
  network.last.say(CLOSED);
  assert.deepEqual(await stopped, CLOSED);
  assert.ok(log.messages.some(({ type }) => type === 'final'));
  assert.equal(network.last.isClosedByUs, true);
  assert.equal(network.pendingTimers, 0);
});

test('stop waits until the backlog is out, and says stop only once', async () => {
  const { network, socket, speak, goLive } = publisher();
  speak(100);
  network.last.bufferedAmount = BUFFERED_LIMIT + 1;
  goLive();
  const stopped = socket.stop();
  assert.deepEqual(network.last.messages.map(({ type }) => type), ['start']);
  network.last.bufferedAmount = 0;
  network.pass(1000);
  assert.equal(network.last.samples.length, 100 * CHUNK);
  assert.deepEqual(network.last.messages.map(({ type }) => type), ['start', 'stop']);
  network.last.say(CLOSED);
  assert.deepEqual(await stopped, CLOSED);
});

test('a connection lost while stopping is resumed, and stop is said again', async () => {
  const { network, socket, speak, goLive } = publisher();
  goLive();
  speak(4);
  const stopped = socket.stop();
  network.last.hangUp(1006);
  network.pass(1000);
  goLive({ resumed: true, resume_from: 2 * CHUNK });
  assert.deepEqual(network.last.samples, counting(2 * CHUNK, 4 * CHUNK));
  assert.deepEqual(network.last.messages.at(-1), { type: 'stop' });
  network.last.say(CLOSED);
  assert.deepEqual(await stopped, CLOSED);
});

test('stop gives up after twenty seconds without an answer', async () => {
  const { network, socket, goLive } = publisher();
  goLive();
  const stopped = socket.stop();
  network.pass(20_000);
  assert.equal(await stopped, null);
  assert.equal(network.pendingTimers, 0);
});

test('stop before any session ends at once', async () => {
  const { network, socket } = publisher();
  assert.equal(await socket.stop(), null);
  assert.equal(network.last.isClosedByUs, true);
});

test('a refusal while stopping ends the wait', async () => {
  const { network, socket, goLive } = publisher();
  goLive();
  const stopped = socket.stop();
  network.last.hangUp(4501);
  assert.equal(await stopped, null);
});
