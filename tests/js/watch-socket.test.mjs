import assert from 'node:assert/strict';
import { test } from 'node:test';

import { linkToken, WatchSocket } from '../../static/js/net/watch-socket.js';
import { FakeNetwork } from './fake-network.mjs';

/** The longest pause at the fake network's luck of one half. */
const LONGEST_PAUSE = 7500;

function watcher(options = {}) {
  const network = new FakeNetwork();
  const log = { messages: [], losses: [] };
  const socket = new WatchSocket(
    { url: 'ws://host/ws/watch?room=main', protocols: ['livecaption.v1'], ...options },
    {
      onMessage: (message) => log.messages.push(message),
      onLost: (loss) => log.losses.push(loss),
    },
    network.environment,
  );
  socket.open();
  return { network, log, socket };
}

const SNAPSHOT = { type: 'snapshot', room: 'main', offset: 7, finals: [], open_utterances: [] };
const PRESENCE = { type: 'presence', room: 'main', publishers: 1, detached: 0 };
const delta = (offset) => ({
  type: 'delta', seq: offset, utterance: 1, text: ' word', room: 'main', session: 's_a', speaker: null,
  offset,
});
const PARTIAL = {
  type: 'partial', utterance: 1, revision: 1, text: ' tail', room: 'main', session: 's_a', speaker: null,
};

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

test('a closed watcher stays away and leaves no timer', () => {
  const { network, socket } = watcher();
  network.last.accept();
  network.last.say(SNAPSHOT);
  socket.close();
  assert.equal(network.pendingTimers, 0);
  network.pass(600_000);
  assert.equal(network.sockets.length, 1);
});

test('after a loss it says which event it saw last, and what its link allows', () => {
  const { network } = watcher({ token: 'abc.def' });
  network.last.accept();
  assert.deepEqual(network.last.messages, [{ type: 'hello', token: 'abc.def' }]);
  network.last.say(SNAPSHOT);
  network.last.hangUp(1006);
  network.pass(LONGEST_PAUSE);
  network.last.accept();
  assert.deepEqual(network.last.messages, [{ type: 'hello', token: 'abc.def', after: 7 }]);
  network.last.say(SNAPSHOT);
  network.last.say(delta(8));
  network.last.say(PARTIAL);
  network.last.say(PRESENCE);
  network.last.hangUp(1006);
  network.pass(LONGEST_PAUSE);
  network.last.accept();
  assert.equal(network.last.messages[0].after, 8);
});

test('a room that begins its offsets anew is followed', () => {
  const { network } = watcher();
  network.last.accept();
  network.last.say({ ...SNAPSHOT, offset: 500 });
  network.last.hangUp(1012);
  network.pass(LONGEST_PAUSE);
  network.last.accept();
  network.last.say({ ...SNAPSHOT, offset: 3 });
  network.last.hangUp(1006);
  network.pass(LONGEST_PAUSE);
  network.last.accept();
  assert.equal(network.last.messages[0].after, 3);
});

test('a link that was revoked is not tried again', () => {
  const { network, log } = watcher({ token: 'old' });
  network.last.accept();
  network.last.hangUp(4501);
  network.pass(600_000);
  assert.equal(network.sockets.length, 1);
  assert.deepEqual(log.losses.map(({ code, willRetry }) => [code, willRetry]), [[4501, false]]);
  assert.equal(network.pendingTimers, 0);
});

test('a server that does not answer hello is given up', () => {
  const { network, log } = watcher();
  network.last.accept();
  network.pass(9_999);
  assert.equal(log.losses.length, 0);
  network.pass(1);
  assert.equal(log.losses.length, 1);
});

test('a minute of silence is ended by a fresh connection, of which nobody is told', () => {
  const { network, log } = watcher();
  network.last.accept();
  network.last.say(SNAPSHOT);
  network.last.say(delta(8));
  network.pass(59_999);
  assert.equal(network.sockets.length, 1);
  network.pass(1);
  assert.equal(network.sockets.length, 2);
  assert.ok(network.sockets[0].isClosedByUs);
  network.last.accept();
  assert.deepEqual(network.last.messages, [{ type: 'hello', after: 8 }]);
  assert.deepEqual(log.losses, []);
  network.last.hangUp(1006);
  assert.equal(log.losses.length, 1, 'that it cannot be opened is told');
});

test('the longer nobody speaks, the less often it asks; a word makes it attentive again', () => {
  const { network } = watcher();
  const answer = () => {
    network.last.accept();
    network.last.say(SNAPSHOT);
    network.last.say(PRESENCE);
  };
  answer();
  for (const minutes of [1, 2, 4, 8, 8]) {
    const before = network.sockets.length;
    network.pass(minutes * 60_000 - 1);
    assert.equal(network.sockets.length, before, `${minutes} min`);
    network.pass(1);
    assert.equal(network.sockets.length, before + 1, `${minutes} min`);
    answer();
  }
  network.last.say(PARTIAL);
  network.pass(60_000);
  assert.equal(network.sockets.length, 7);
});

test('renewing while it waits for the next attempt ends the wait', () => {
  const { network, socket } = watcher();
  network.last.hangUp(1006);
  socket.renew();
  assert.equal(network.sockets.length, 2);
  network.pass(9_000);
  assert.equal(network.sockets.length, 2, 'the wait is over, not doubled');
});

test('the token of a link is read from the fragment, if it is one', () => {
  assert.equal(linkToken({ href: 'http://h/watch/main#t=abc-._~9' }), 'abc-._~9');
  for (const hash of ['', '#', '#t=', '#t=a%20b', '#token=abc', '#t=<b>', `#t=${'a'.repeat(1025)}`]) {
    assert.equal(linkToken({ href: `http://h/watch/main${hash}` }), null, hash);
  }
});
