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

test('stop gives up after twenty seconds without a word, not while words still come', async () => {
  const { network, socket, goLive } = publisher();
  goLive();
  const stopped = socket.stop();
  let isOver = false;
  void stopped.then(() => (isOver = true));
  for (let i = 0; i < 6; i += 1) {
    network.pass(9000);
    network.last.say({ type: 'status', lag: 9, hop: 1, queue: 3 });
  }
  await null;
  assert.equal(isOver, false);
  network.luck = 0.999;
  for (let i = 0; i < 70; i += 1) network.pass(1000);
  assert.equal(await stopped, null);
  assert.equal(network.pendingTimers, 0);
});

test('stopped without a connection, it waits a minute for one and still sends all', async () => {
  const { network, socket, speak, goLive } = publisher();
  goLive();
  network.last.hangUp(1006);
  speak(50);
  const stopped = socket.stop();
  network.pass(50_000);
  goLive({ resumed: true, resume_from: 0 });
  assert.deepEqual(network.last.samples, counting(0, 50 * CHUNK));
  assert.equal(network.last.messages.at(-1).type, 'stop');
  network.last.say(CLOSED);
  assert.deepEqual(await stopped, CLOSED);
});

test('whoever does not want to wait for the last words need not', async () => {
  const { network, socket, goLive } = publisher();
  goLive();
  const stopped = socket.stop();
  socket.abandon();
  assert.equal(await stopped, null);
  assert.equal(network.last.isClosedByUs, true);
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
