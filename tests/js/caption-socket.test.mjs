import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BUFFERED_LIMIT } from '../../static/js/net/caption-socket.js';
import { ready } from './fake-network.mjs';
import { CHUNK, counting, publisher } from './publisher.mjs';

test('start is the first message, then audio, none of it lost while connecting', () => {
  const { network, speak, goLive } = publisher();
  speak(3);
  network.last.accept();
  assert.deepEqual(network.last.messages, [
    {
      type: 'start', room: 'main', language: 'en', partials: true, resume: null,
      audio: { encoding: 'pcm_s16le', sample_rate: 16000, channels: 1 },
    },
  ]);
  assert.deepEqual(network.last.samples, []);
  goLive();
  speak(2);
  assert.deepEqual(network.last.samples, counting(0, 5 * CHUNK));
});

test('audio is dropped, counted and reported while the network does not take it', () => {
  const { network, log, speak, goLive } = publisher();
  goLive();
  speak(1);
  network.last.bufferedAmount = BUFFERED_LIMIT + 1;
  speak(3);
  assert.equal(log.dropped, 3 * CHUNK);
  network.last.bufferedAmount = 0;
  speak(1);
  assert.deepEqual(network.last.samples, [...counting(0, CHUNK), ...counting(4 * CHUNK, 5 * CHUNK)]);
});

test('a minute of audio is kept without a connection, the rest is dropped and counted', () => {
  const { network, log, speak, goLive } = publisher();
  speak(605);
  assert.equal(log.dropped, 5 * CHUNK);
  goLive();
  assert.equal(network.last.samples.length, 600 * CHUNK);
});

test('catching up goes in steps that the network can take, and nothing is dropped', () => {
  const { network, log, speak, goLive } = publisher();
  speak(200);
  network.last.accept();
  const { last } = network;
  const send = last.send.bind(last);
  last.send = (data) => {
    send(data);
    last.bufferedAmount += data.byteLength ?? 0;
  };
  last.say(ready());
  assert.ok(last.bufferedAmount <= BUFFERED_LIMIT + 2 * CHUNK);
  speak(1);
  for (let i = 0; i < 20; i += 1) {
    last.bufferedAmount = 0;
    network.pass(100);
  }
  assert.equal(log.dropped, 0);
  assert.deepEqual(last.samples, counting(0, 201 * CHUNK));
});

test('after a loss it resumes: from the sample and after the event the server needs', () => {
  const { network, log, speak, goLive } = publisher();
  goLive();
  speak(10);
  network.last.say({ type: 'delta', seq: 2, utterance: 1, text: 'Hei', words: [] });
  network.last.say({ type: 'partial', utterance: 1, revision: 1, text: ' maail' });
  network.last.hangUp(1006);
  speak(5);
  network.pass(1000);
  network.last.accept();
  assert.deepEqual(network.last.messages[0].resume, {
    session: 's_1', resume_token: 'rt_1', last_seq: 2, held_from: 0,
  });
  network.last.say(ready({ resumed: true, resume_from: 7 * CHUNK + 11, resume_token: 'rt_2' }));
  speak(1);
  assert.deepEqual(network.last.samples, counting(7 * CHUNK + 11, 16 * CHUNK));
  assert.equal(log.dropped, 0);
  network.last.hangUp(1012);
  network.pass(1000);
  network.last.accept();
  assert.equal(network.last.messages[0].resume.resume_token, 'rt_2');
});

test('audio is not thrown into a connection that is closing', () => {
  const { network, log, speak, goLive } = publisher();
  goLive();
  speak(2);
  network.last.say({ type: 'ack', received: 2 * CHUNK, committed: 0 });
  network.last.beginClose();
  speak(3);
  network.last.hangUp(1012);
  network.pass(1000);
  goLive({ session: 's_2' });
  assert.deepEqual(network.last.samples, counting(2 * CHUNK, 5 * CHUNK));
  assert.equal(log.dropped, 0);
});

test('when the server cannot resume, the new session begins with what it did not acknowledge', () => {
  const { network, speak, goLive } = publisher();
  goLive();
  speak(10);
  network.last.say({ type: 'ack', received: 8 * CHUNK + 3, committed: CHUNK });
  network.last.say({ type: 'delta', seq: 9, utterance: 1, text: 'Hei', words: [] });
  network.last.hangUp(1006);
  speak(4);
  network.pass(1000);
  goLive({ session: 's_2', resume_token: 'rt_9' });
  assert.deepEqual(network.last.samples, counting(8 * CHUNK + 3, 14 * CHUNK));
  network.last.hangUp(1006);
  network.pass(1000);
  network.last.accept();
  assert.deepEqual(network.last.messages[0].resume, {
    session: 's_2', resume_token: 'rt_9', last_seq: 0, held_from: 0,
  });
});

test('each new session counts its acknowledgements from its own beginning', () => {
  const { network, speak, goLive } = publisher();
  const breakOff = () => {
    network.last.hangUp(1006);
    network.pass(1000);
  };
  goLive();
  speak(10);
  network.last.say({ type: 'ack', received: 6 * CHUNK, committed: 0 });
  breakOff();
  goLive({ session: 's_2' });
  breakOff();
  goLive({ session: 's_3' });
  assert.deepEqual(network.last.samples, counting(6 * CHUNK, 10 * CHUNK), 's_2 acknowledged nothing');
  network.last.say({ type: 'ack', received: CHUNK, committed: 0 });
  breakOff();
  goLive({ session: 's_3', resumed: true, resume_from: 2 * CHUNK });
  breakOff();
  goLive({ session: 's_4' });
  assert.deepEqual(network.last.samples, counting(8 * CHUNK, 10 * CHUNK), 'resumed at two chunks');
});

test('a resume from audio that is gone becomes a fresh session', () => {
  const { network, speak, goLive } = publisher();
  goLive();
  speak(1000);
  network.last.hangUp(1006);
  network.pass(1000);
  goLive({ resumed: true, resume_from: 0 });
  network.pass(1000);
  network.last.accept();
  assert.equal(network.sockets.length, 3);
  assert.equal(network.last.messages[0].resume, null);
});

test('a session that another connection took over is not taken back', () => {
  const { network, goLive } = publisher();
  goLive();
  network.last.hangUp(4009);
  network.pass(1000);
  network.last.accept();
  assert.equal(network.last.messages[0].resume, null);
});

test('silence is kept alive with a message, sound needs none', () => {
  const { network, speak, goLive } = publisher();
  const keepalives = () => network.last.messages.filter(({ type }) => type === 'keepalive').length;
  goLive();
  for (let i = 0; i < 60; i += 1) {
    speak(1);
    network.last.say({ type: 'ack', received: i, committed: i });
    network.pass(1000);
  }
  assert.equal(keepalives(), 0);
  network.pass(60_000);
  assert.ok(keepalives() >= 3, `${keepalives()} in a minute of silence`);
  assert.equal(network.sockets.length, 1);
});

test('keepalives come often enough for a server with little patience', () => {
  const { network, goLive } = publisher();
  goLive({ limits: { idle_s: 6 } });
  network.pass(6100);
  assert.ok(network.last.messages.filter(({ type }) => type === 'keepalive').length >= 2);
});

test('a server that falls silent while it is being sent audio is left', () => {
  const { network, log, speak, goLive } = publisher();
  goLive();
  for (let i = 0; i < 25; i += 1) {
    speak(1);
    network.pass(1000);
  }
  assert.equal(log.losses.length, 1);
  assert.equal(network.sockets[0].isClosedByUs, true);
  assert.equal(network.sockets.length, 2);
});

test('a start that is not answered is tried again', () => {
  const { network, log } = publisher();
  network.last.accept();
  network.pass(9999);
  assert.equal(log.losses.length, 0);
  network.pass(1);
  assert.equal(log.losses.length, 1);
});

test('a server that dies right after ready is called at growing intervals', () => {
  const { network, goLive } = publisher();
  for (let i = 0; i < 6; i += 1) {
    goLive();
    network.last.hangUp(1011);
    network.pass(16_000);
  }
  goLive();
  const count = network.sockets.length;
  network.last.hangUp(1011);
  network.pass(4000);
  assert.equal(network.sockets.length, count, 'the pause is still long');
});

test('a language chosen later is configured at once, and offered on the next connection', () => {
  const { network, socket, goLive } = publisher();
  socket.setLanguage('de');
  goLive();
  assert.equal(network.last.messages[0].language, 'de');
  socket.setLanguage(null);
  assert.deepEqual(network.last.messages.at(-1), { type: 'configure', language: null });
  network.last.hangUp(1006);
  network.pass(1000);
  network.last.accept();
  assert.equal(network.last.messages[0].language, null);
});
