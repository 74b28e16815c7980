import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Refusal } from '../../static/js/net/access.js';
import { mayReconnect, retryDelay } from '../../static/js/net/reconnect.js';
import { ReconnectingSocket } from '../../static/js/net/reconnecting-socket.js';
import { FakeNetwork, serverError } from './fake-network.mjs';
import { randomFrom } from './random.mjs';

function connection() {
  const network = new FakeNetwork();
  const log = { opened: 0, messages: [], losses: [] };
  const socket = new ReconnectingSocket(
    'ws://host/ws/watch',
    ['livecaption.v1'],
    {
      onOpen: () => (log.opened += 1),
      onMessage: (message) => log.messages.push(message),
      onLost: (loss) => log.losses.push(loss),
    },
    network.environment,
  );
  socket.open();
  return { network, log, socket };
}

test('back-off starts below half a second and never exceeds fifteen', () => {
  const random = randomFrom(5);
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const ceiling = Math.min(15_000, 500 * 2 ** attempt);
    assert.equal(retryDelay(attempt, 0, 0), 0);
    const delay = retryDelay(attempt, random(), 0);
    assert.ok(delay >= 0 && delay < ceiling, `attempt ${attempt}: ${delay}`);
    assert.ok(retryDelay(attempt, 0.999, 0) > 0.99 * ceiling);
  }
});

test('a pause that the server asks for is kept in full, with the jitter on top', () => {
  assert.equal(retryDelay(0, 0, 7000), 7000);
  assert.equal(retryDelay(0, 0.5, 7000), 7250);
});

test('4000 to 4499 come back, 4500 to 4999 do not', () => {
  for (const code of [1001, 1006, 1011, 1012, 1013, 4000, 4008, 4009, 4029, 4499]) {
    assert.equal(mayReconnect(code), true, String(code));
  }
  for (const code of [1000, 1002, 1008, 4500, 4501, 4503, 4504, 4507, 4999]) {
    assert.equal(mayReconnect(code), false, String(code));
  }
});

test('a lost connection is opened again after growing pauses', () => {
  const { network, log } = connection();
  const pauses = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    network.last.hangUp(1006);
    let pause = 0;
    for (const count = network.sockets.length; network.sockets.length === count; pause += 50) {
      network.pass(50);
    }
    pauses.push(pause);
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 7500, 7500, 7500]);
  assert.ok(log.losses.every(({ opened, willRetry }) => !opened && willRetry));
});

test('a working conversation makes the next pause short again', () => {
  const { network, socket } = connection();
  for (let i = 0; i < 5; i += 1) {
    network.last.hangUp(1006);
    network.pass(15_000);
  }
  network.last.accept();
  socket.healthy();
  network.last.hangUp(1006);
  const count = network.sockets.length;
  network.pass(250);
  assert.equal(network.sockets.length, count + 1);
});

test('a forbidding close code ends it for good', () => {
  const { network, log } = connection();
  network.last.accept();
  network.last.say(serverError({ code: 'not_allowed' }));
  network.last.hangUp(4503);
  network.pass(3_600_000);
  assert.equal(network.sockets.length, 1);
  assert.equal(network.pendingTimers, 0);
  const [{ code, willRetry, opened, error }] = log.losses;
  assert.deepEqual([code, willRetry, opened, error?.code], [4503, false, true, 'not_allowed']);
});

test('retry_after_ms of the last error holds the next attempt back', () => {
  const { network } = connection();
  network.last.accept();
  network.last.say(serverError({ retry_after_ms: 9000 }));
  network.last.hangUp(1013);
  network.pass(9249);
  assert.equal(network.sockets.length, 1);
  network.pass(1);
  assert.equal(network.sockets.length, 2);
  network.last.hangUp(1006);
  network.pass(500);
  assert.equal(network.sockets.length, 3, 'an older error does not hold later attempts back');
});

test('a handshake that never ends is given up after ten seconds', () => {
  const { network, log } = connection();
  network.pass(9999);
  assert.equal(log.losses.length, 0);
  network.pass(1);
  assert.equal(log.losses[0].code, 1006);
  assert.equal(network.sockets[0].isClosedByUs, true);
});

test('what an abandoned connection still says is not heard', () => {
  const { network, log, socket } = connection();
  const [first] = network.sockets;
  first.accept();
  socket.fail();
  first.say({ type: 'finalized' });
  first.hangUp(1006);
  assert.equal(log.messages.length, 0);
  assert.equal(log.losses.length, 1);
});

test('a message that makes no sense ends the connection, not the page', () => {
  const { network, log } = connection();
  network.last.accept();
  network.last.onmessage?.({ data: 'nonsense' });
  assert.equal(log.losses.length, 1);
  assert.equal(log.losses[0].willRetry, true);
});

test('opening during a pause ends the pause, and only one connection is made', () => {
  const { network, socket } = connection();
  network.last.hangUp(1006);
  socket.open();
  socket.open();
  assert.equal(network.sockets.length, 2);
  network.pass(5000);
  assert.equal(network.sockets.length, 2);
});

test('after close nothing happens any more', () => {
  const { network, log, socket } = connection();
  network.last.accept();
  socket.close();
  socket.open();
  network.pass(60_000);
  assert.equal(network.sockets.length, 1);
  assert.equal(network.pendingTimers, 0);
  assert.equal(log.losses.length, 0);
});

/** A connection whose protocols have to be asked for; `answers` settles the questions in turn. */
function askingConnection() {
  const network = new FakeNetwork();
  const log = { opened: 0, losses: [], questions: [] };
  const socket = new ReconnectingSocket(
    'ws://host/ws/publish',
    (wasRefused) => new Promise((resolve, reject) => log.questions.push({ wasRefused, resolve, reject })),
    {
      onOpen: () => (log.opened += 1),
      onMessage: () => {},
      onLost: (loss) => log.losses.push(loss),
    },
    network.environment,
  );
  return { network, log, socket };
}

/** Lets promises that are settled run their course. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('each connection asks anew for what it offers, and says how the last one went', async () => {
  const { network, log, socket } = askingConnection();
  socket.open();
  log.questions[0].resolve(['livecaption.v1', 'lct.one']);
  await settled();
  assert.deepEqual(network.last.protocols, ['livecaption.v1', 'lct.one']);
  network.last.accept();
  network.last.hangUp(1006);
  network.pass(500);
  log.questions[1].resolve(['livecaption.v1', 'lct.two']);
  await settled();
  assert.deepEqual(network.last.protocols, ['livecaption.v1', 'lct.two']);
  network.last.hangUp(1006);
  network.pass(1000);
  assert.deepEqual(log.questions.map(({ wasRefused }) => wasRefused), [false, false, true]);
});

test('a refusal there is a loss: for good, or until later', async () => {
  const { network, log, socket } = askingConnection();
  socket.open();
  log.questions[0].reject(new Refusal(1013, serverError({ retry_after_ms: 3000 })));
  await settled();
  assert.deepEqual(log.losses.map(({ code, opened, willRetry }) => [code, opened, willRetry]), [[1013, false, true]]);
  network.pass(2900);
  assert.equal(log.questions.length, 1);
  network.pass(1000);
  log.questions[1].reject(new Refusal(4501, serverError({ code: 'key_required' })));
  await settled();
  assert.equal(log.losses[1].willRetry, false);
  assert.equal(log.losses[1].error.code, 'key_required');
  network.pass(60_000);
  assert.equal(log.questions.length, 2);
  assert.equal(network.sockets.length, 0);
});

test('an answer that comes too late opens nothing', async () => {
  for (const end of [(socket) => socket.close(), (socket) => socket.retry()]) {
    const { network, log, socket } = askingConnection();
    socket.open();
    end(socket);
    log.questions[0].resolve(['livecaption.v1']);
    await settled();
    assert.equal(network.sockets.length, 0);
  }
  const { network, log, socket } = askingConnection();
  socket.open();
  network.pass(10_000);
  assert.deepEqual(log.losses.map(({ code }) => code), [1006], 'a question has as long as a handshake');
  log.questions[0].reject(new Refusal(4501, null));
  await settled();
  assert.equal(log.losses.length, 1);
});
