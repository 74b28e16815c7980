import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BUFFERED_LIMIT } from '../../static/js/net/caption-socket.js';
import { ready } from './fake-network.mjs';
import { CHUNK, counting, publisher } from './publisher.mjs';

test('start is the first message, then audio, none of it lost while connecting', () => {
  const { network, speak, goLive } = publisher({
    speech: { language: 'en', vocabulary: ['Kyiv'], speaker: 'Ada' },
  });
  speak(3);
  network.last.accept();
  assert.deepEqual(network.last.messages, [
    {
      type: 'start', room: 'main', language: 'en', partials: true, resume: null,
      vocabulary: ['Kyiv'], speaker: 'Ada',
      audio: { encoding: 'pcm_s16le', sample_rate: 16000, channels: 1 },
    },
  ]);
  assert.deepEqual(network.last.samples, []);
  goLive();
  speak(2);
  assert.deepEqual(network.last.samples, counting(0, 5 * CHUNK));
});

test('what a slow network does not take waits, and is sent when it does', () => {
  const { network, log, socket, speak, goLive } = publisher();
  goLive();
  speak(1);
  network.last.bufferedAmount = BUFFERED_LIMIT + 1;
  speak(30);
  assert.equal(network.last.samples.length, CHUNK);
  assert.equal(socket.unsentSeconds, 3);
  network.last.bufferedAmount = 0;
  network.pass(100);
  assert.deepEqual(network.last.samples, counting(0, 31 * CHUNK));
  assert.equal(log.dropped, 0);
});

test('a network that stays too slow loses the oldest words, and the session is told which', () => {
  const { network, log, speak, goLive } = publisher();
  goLive();
  network.last.bufferedAmount = BUFFERED_LIMIT + 1;
  speak(900);
  assert.equal(network.sockets.length, 1);
  speak(1);
  assert.equal(network.sockets[0].isClosedByUs, true, 'only a resumed session can be told of a hole');
  assert.equal(log.dropped, 451 * CHUNK, 'the newest 45 s are kept');
  network.pass(1000);
  network.last.accept();
  assert.equal(network.last.messages[0].resume.held_from, 451 * CHUNK);
  network.last.say(ready({ resumed: true, resume_from: 451 * CHUNK }));
  assert.deepEqual(network.last.samples, counting(451 * CHUNK, 901 * CHUNK));
});

test('ninety seconds are kept without a connection, the oldest beyond is dropped and counted', () => {
  const { network, log, speak, goLive, live } = publisher();
  speak(905);
  assert.equal(log.dropped, 5 * CHUNK);
  goLive();
  live(60_000);
  assert.deepEqual(network.last.samples, counting(5 * CHUNK, 905 * CHUNK));
});

test('catching up never goes faster than a server allows: a minute at once, then 1.5 times speech', () => {
  const { network, speak, goLive, live } = publisher();
  speak(900);
  goLive();
  let sent = network.last.sampleCount;
  let credit = 60 * 16_000 - sent;
  assert.ok(credit >= 0 && sent > 45 * 16_000, `${sent} samples at once`);
  for (let i = 0; i < 1500; i += 1) {
    live(100);
    speak(1);
    const { sampleCount } = network.last;
    credit = Math.min(60 * 16_000, credit + 0.1 * 1.5 * 16_000) - (sampleCount - sent);
    sent = sampleCount;
    assert.ok(credit >= 0, `too fast after ${i} steps`);
  }
  assert.equal(sent, 2400 * CHUNK, 'and it does catch up');
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

test('a long outage offers what is still held, and obeys a server that skips what is gone', () => {
  const { network, speak, goLive, live } = publisher();
  goLive();
  speak(10);
  network.last.hangUp(1006);
  speak(1000);
  network.pass(1000);
  network.last.accept();
  assert.equal(network.last.messages[0].resume.held_from, 110 * CHUNK);
  network.last.say(ready({ resumed: true, resume_from: 110 * CHUNK }));
  live(60_000);
  assert.deepEqual(network.last.samples, counting(110 * CHUNK, 1010 * CHUNK));
});

test('a resume from before what was offered becomes a fresh session', () => {
  const { network, speak, goLive } = publisher();
  goLive();
  network.last.hangUp(1006);
  speak(1000);
  network.pass(1000);
  goLive({ resumed: true, resume_from: 0 });
  network.pass(1000);
  network.last.accept();
  assert.equal(network.sockets.length, 3);
  assert.equal(network.last.messages[0].resume, null);
});

test('a page that was reloaded goes on with its session, from where the server is', () => {
  const checkpoint = { session: 's_1', resume_token: 'rt_7', last_seq: 5, position: 1000 };
  const { network, socket, log, speak } = publisher({ checkpoint });
  assert.deepEqual(socket.checkpoint, checkpoint);
  network.last.accept();
  assert.deepEqual(network.last.messages[0].resume, {
    session: 's_1', resume_token: 'rt_7', last_seq: 5, held_from: 1000,
  });
  network.last.say(ready({ resumed: true, resume_from: 3000 }));
  speak(2);
  assert.deepEqual(network.last.samples, counting(0, 2 * CHUNK), 'what is captured now comes next');
  assert.equal(socket.checkpoint.position, 3000 + 2 * CHUNK);
  assert.equal(log.dropped, 0);
});

test('a page that was reloaded too late begins anew with what it hears', () => {
  const checkpoint = { session: 's_1', resume_token: 'rt_7', last_seq: 5, position: 1000 };
  const { network, socket, speak, goLive } = publisher({ checkpoint });
  speak(1);
  goLive({ session: 's_2' });
  assert.deepEqual(network.last.samples, counting(0, CHUNK));
  assert.deepEqual(socket.checkpoint, {
    session: 's_2', resume_token: 'rt_1', last_seq: 0, position: CHUNK,
  });
});

test('a session that another page took over is left to it, for good', () => {
  const { network, socket, log, goLive } = publisher();
  goLive();
  network.last.hangUp(4009);
  assert.deepEqual(log.losses.map(({ code, willRetry }) => [code, willRetry]), [[4009, false]]);
  assert.equal(socket.checkpoint, null, 'nor is it after a reload');
  network.pass(600_000);
  assert.equal(network.sockets.length, 1);
  assert.equal(network.pendingTimers, 0);
});

test('a session that our own late connection took over is taken back, once for each', () => {
  const { network, log, goLive } = publisher();
  goLive();
  network.last.hangUp(1006);
  network.pass(1000);
  goLive({ resumed: true });
  network.last.hangUp(4009);
  assert.equal(log.losses.at(-1).willRetry, true);
  network.pass(1000);
  network.last.accept();
  assert.equal(network.last.messages[0].resume.session, 's_1');
  network.last.say(ready({ resumed: true }));
  network.last.hangUp(4009);
  assert.equal(log.losses.at(-1).willRetry, false);
});

test('a break long ago explains no takeover now', () => {
  const { network, log, goLive } = publisher();
  goLive();
  network.last.hangUp(1006);
  network.pass(1000);
  goLive({ resumed: true });
  network.pass(120_000);
  network.last.hangUp(4009);
  assert.equal(log.losses.at(-1).willRetry, false);
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

test('a server that falls silent while it is being sent audio is left after ten seconds', () => {
  const { network, log, speak, goLive } = publisher();
  goLive();
  for (let i = 0; i < 99; i += 1) {
    speak(1);
    network.pass(100);
  }
  assert.equal(log.losses.length, 0);
  network.pass(1000);
  assert.equal(log.losses.length, 1);
  assert.equal(network.sockets[0].isClosedByUs, true);
  assert.equal(network.sockets.length, 2);
});

test('in doubt the server gets three seconds to answer', () => {
  const { network, log, socket, speak, goLive } = publisher();
  goLive();
  speak(1);
  network.last.say({ type: 'ack', received: CHUNK, committed: 0 });
  network.pass(500);
  socket.check();
  assert.deepEqual(network.last.messages.map(({ type }) => type), ['start'], 'audio asks enough');
  network.pass(2000);
  socket.check();
  assert.equal(network.last.messages.at(-1).type, 'finalize', 'without audio a question does');
  network.last.say({ type: 'finalized' });
  network.pass(9000);
  assert.equal(log.losses.length, 0, 'it has answered');
  socket.check();
  network.pass(2000);
  assert.equal(log.losses.length, 0);
  network.pass(2000);
  assert.equal(log.losses.length, 1);
});

test('a check without a connection asks nobody', () => {
  const { network, socket } = publisher();
  socket.check();
  assert.deepEqual(network.last.messages, []);
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

test('what is chosen later is configured at once, and offered on the next connection', () => {
  const { network, socket, goLive } = publisher();
  socket.configure({ language: 'de' });
  goLive();
  assert.equal(network.last.messages[0].language, 'de');
  socket.configure({ language: null, vocabulary: ['Zürich'] });
  assert.deepEqual(network.last.messages.at(-1), {
    type: 'configure', language: null, vocabulary: ['Zürich'],
  });
  network.last.hangUp(1006);
  network.pass(1000);
  network.last.accept();
  const { language, vocabulary, speaker } = network.last.messages[0];
  assert.deepEqual([language, vocabulary, speaker], [null, ['Zürich'], null]);
});

test('a finalize goes out only while somebody hears it', () => {
  const { network, socket, goLive } = publisher();
  socket.finalize();
  goLive();
  socket.finalize();
  assert.deepEqual(network.last.messages.map(({ type }) => type), ['start', 'finalize']);
});
