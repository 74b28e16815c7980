import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WatchSocket } from '../../static/js/net/watch-socket.js';
import { FakeNetwork } from './fake-network.mjs';

/** The longest pause at the fake network's luck of one half. */
const LONGEST_PAUSE = 7500;

function watcher() {
  const network = new FakeNetwork();
  const log = { messages: [], losses: [] };
  const socket = new WatchSocket(
    { url: 'ws://host/ws/watch?room=main', protocols: ['livecaption.v1'] },
    {
      onMessage: (message) => log.messages.push(message),
      onLost: (loss) => log.losses.push(loss),
    },
    network.environment,
  );
  socket.open();
  return { network, log, socket };
}

const SNAPSHOT = { type: 'snapshot', room: 'main', offset: 0, finals: [], open_utterances: [] };

test('a watcher says hello and hears everything', () => {
  const { network, log } = watcher();
  network.last.accept();
  network.last.say(SNAPSHOT);
  assert.deepEqual(log.messages, [SNAPSHOT]);
  assert.deepEqual(network.last.messages, [{ type: 'hello' }]);
});

test('a watcher comes back for ever', () => {
  const { network } = watcher();
  for (let i = 0; i < 200; i += 1) {
    network.last.hangUp(i % 2 ? 1006 : 4008);
    network.pass(LONGEST_PAUSE);
  }
  assert.equal(network.sockets.length, 201);
});

test('a snapshot makes the next pause short', () => {
  const { network } = watcher();
  for (let i = 0; i < 8; i += 1) {
    network.last.hangUp(1006);
    network.pass(LONGEST_PAUSE);
  }
  network.last.accept();
  network.last.say(SNAPSHOT);
  network.last.hangUp(1006);
  network.pass(250);
  assert.equal(network.sockets.length, 10);
});

test('a closed watcher stays away', () => {
  const { network, socket } = watcher();
  network.last.accept();
  socket.close();
  network.pass(60_000);
  assert.equal(network.sockets.length, 1);
});
