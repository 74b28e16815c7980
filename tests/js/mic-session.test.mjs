import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MicSession } from '../../static/js/page/mic-session.js';
import { endWords, nextState, TRANSITIONS, WORDS } from '../../static/js/page/mic-state.js';
import { problemNamed, problemOfLoss } from '../../static/js/page/problems.js';
import { FakeNetwork, ready, serverError } from './fake-network.mjs';

const PAGE = { href: 'http://cc.example/?room=main' };

/** A microphone that does what the test says. */
class ScriptedMicrophone {
  resumed = 0;
  isStopped = false;

  constructor(handlers) {
    this.handlers = handlers;
  }

  hear(rms = 0.1) {
    this.handlers.onChunk({ samples: new Int16Array(1600), rms });
  }

  async resume() {
    this.resumed += 1;
  }

  async stop() {
    this.handlers.onChunk({ samples: new Int16Array(800), rms: 0.1 });
    this.isStopped = true;
  }
}

/** @param {{problem?: string, mistake?: Error, diagnosis?: string}} [script] */
function page({ problem, mistake, diagnosis = 'unreachable' } = {}) {
  const network = new FakeNetwork();
  const seen = { states: [], problems: [], levels: [], messages: [], ends: [] };
  const microphones = [];
  let permit = () => {};
  const asked = new Promise((resolve) => (permit = resolve));
  const session = new MicSession(
    { url: 'ws://host/ws/publish', protocols: ['livecaption.v1'], room: 'main', language: null },
    {
      showState: (state) => seen.states.push(state),
      showProblem: (name, serverSays) => seen.problems.push([name, serverSays]),
      showMessage: (message) => seen.messages.push(message),
      showLevel: (rms) => seen.levels.push(rms),
      showEnd: (closed) => seen.ends.push(closed),
    },
    {
      startCapture: async (handlers) => {
        await asked;
        if (mistake) throw mistake;
        if (problem) throw Object.assign(new Error(problem), { problem });
        microphones.push(new ScriptedMicrophone(handlers));
        return microphones.at(-1);
      },
      diagnose: async () => diagnosis,
      environment: network.environment,
    },
  );
  /** Lets promises that are already settled take their effect. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const listen = async () => {
    permit();
    await session.start();
    network.last.accept();
    network.last.say(ready());
  };
  const problemNow = () => seen.problems.at(-1)?.[0] ?? null;
  return { network, seen, session, microphones, permit, settle, listen, problemNow };
}

test('every state has words, and every transition leads to a state', () => {
  for (const [state, events] of Object.entries(TRANSITIONS)) {
    const { status, button, headline } = WORDS[state];
    assert.ok(status && button && headline);
    for (const next of Object.values(events)) assert.ok(next in TRANSITIONS);
  }
  assert.equal(nextState('idle', 'drained'), 'idle');
});

test('a click leads to listening, another through the last words back to idle', async () => {
  const { network, seen, session, microphones, listen, settle } = page();
  await listen();
  microphones[0].hear(0.2);
  const stopped = session.stop();
  await settle();
  assert.equal(network.last.samples.length, 2400, 'the chunk that was being filled is sent too');
  const closed = { type: 'closed', reason: 'stop', audio_s: 61.2, captioned_s: 60, silent_s: 0, lost_s: 0 };
  network.last.say(closed);
  await stopped;
  assert.deepEqual(seen.states, ['asking', 'connecting', 'listening', 'finishing', 'idle']);
  assert.deepEqual(seen.ends, [closed]);
  assert.equal(microphones[0].isStopped, true);
  assert.deepEqual([seen.levels[0], seen.levels.at(-1)], [0.2, 0]);
});

test('a second click while starting or finishing starts nothing new', async () => {
  const { network, session, listen } = page();
  await listen();
  await session.start();
  assert.equal(network.sockets.length, 1);
});

for (const problem of ['no-permission', 'no-device', 'device-busy', 'insecure-context', 'audio-failed']) {
  test(`${problem} is told, and Start works again`, async () => {
    const { seen, session, permit, network, problemNow } = page({ problem });
    permit();
    await session.start();
    assert.equal(problemNow(), problem);
    assert.deepEqual(seen.states, ['asking', 'idle']);
    assert.equal(network.sockets.length, 0);
  });
}

test('a mistake in the page itself is told and not hidden from the console', async () => {
  const { session, permit, problemNow } = page({ mistake: new TypeError('oops') });
  permit();
  await assert.rejects(session.start(), TypeError);
  assert.equal(problemNow(), 'audio-failed');
  assert.equal(session.state, 'idle');
});

test('cancelled while the browser asks, the microphone is let go at once', async () => {
  const { session, permit, microphones, network } = page();
  const starting = session.start();
  await session.stop();
  assert.equal(session.state, 'idle');
  permit();
  await starting;
  assert.equal(microphones[0].isStopped, true);
  assert.equal(network.sockets.length, 0);
});

test('a break is told by the status alone, and audio goes on into the new connection', async () => {
  const { network, seen, session, microphones, listen, problemNow } = page();
  await listen();
  network.last.hangUp(1006);
  assert.equal(session.state, 'reconnecting');
  assert.equal(problemNow(), null);
  microphones[0].hear();
  network.pass(1000);
  network.last.accept();
  network.last.say(ready({ resumed: true, resume_from: 0 }));
  assert.equal(session.state, 'listening');
  assert.equal(network.last.samples.length, 1600);
  assert.deepEqual(seen.states.slice(-2), ['reconnecting', 'listening']);
});

test('a server that stays away is a problem until it is back', async () => {
  const { network, listen, settle, problemNow } = page();
  await listen();
  network.last.hangUp(1006);
  network.pass(1000);
  network.last.hangUp(1006);
  await settle();
  assert.equal(problemNow(), 'connection-lost');
  network.pass(2000);
  network.last.accept();
  network.last.say(ready({ resumed: true }));
  assert.equal(problemNow(), null);
});

for (const [diagnosis, problem] of [['full', 'server-full'], ['refused', 'refused'], ['unreachable', 'connection-lost'], ['loading', 'starting'], ['draining', 'going-away'], ['failed', 'server-fault']]) {
  test(`a handshake that fails at a server that is ${diagnosis} is ${problem}`, async () => {
    const { network, session, permit, settle, problemNow } = page({ diagnosis });
    permit();
    await session.start();
    network.last.hangUp(1006);
    await settle();
    assert.equal(problemNow(), problem);
    assert.equal(session.state, 'reconnecting');
  });
}

for (const [code, problem] of [[1001, 'going-away'], [1012, 'going-away'], [1013, 'server-full'], [1011, 'server-fault'], [4008, 'too-slow']]) {
  test(`close code ${code} is ${problem}, and the page comes back`, async () => {
    const { network, seen, session, listen } = page();
    await listen();
    network.last.say(serverError({ message: 'In the server’s words.' }));
    network.last.hangUp(code);
    assert.deepEqual(seen.problems.at(-1), [problem, 'In the server’s words.']);
    assert.equal(session.state, 'reconnecting');
    network.pass(15_000);
    assert.ok(network.sockets.length > 1);
  });
}

for (const [code, problem] of [[4501, 'wrong-key'], [4503, 'wrong-origin'], [4504, 'quota'], [4507, 'wrong-version'], [4999, 'wrong-version'], [1000, 'session-ended']]) {
  test(`close code ${code} is ${problem}, ends the session and lets the microphone go`, async () => {
    const { network, session, microphones, listen, settle, problemNow } = page();
    await listen();
    network.last.hangUp(code);
    await settle();
    assert.equal(problemNow(), problem);
    assert.equal(session.state, 'idle');
    assert.equal(microphones[0].isStopped, true);
    network.pass(600_000);
    assert.equal(network.sockets.length, 1);
  });
}

test('a microphone that is taken away ends the session calmly and says why', async () => {
  const { network, session, microphones, listen, settle, problemNow } = page();
  await listen();
  microphones[0].handlers.onEnded();
  await settle();
  assert.deepEqual(network.last.messages.at(-1), { type: 'stop' });
  assert.equal(session.state, 'finishing');
  assert.equal(problemNow(), 'audio-stopped');
});

test('audio that the system paused can be resumed, and the notice goes', async () => {
  const { session, microphones, listen, problemNow } = page();
  await listen();
  microphones[0].handlers.onPaused(true);
  assert.equal(problemNow(), 'audio-paused');
  await session.resume();
  assert.equal(microphones[0].resumed, 1);
  microphones[0].handlers.onPaused(false);
  assert.equal(problemNow(), null);
});

test('a muted microphone is noticed, and sound ends the notice', async () => {
  const { microphones, listen, problemNow } = page();
  await listen();
  for (let i = 0; i < 50; i += 1) microphones[0].hear(0);
  assert.equal(problemNow(), 'muted');
  microphones[0].hear(0.1);
  assert.equal(problemNow(), null);
});

test('audio that the network does not take is told until the network is well', async () => {
  const { network, microphones, listen, problemNow } = page();
  await listen();
  network.last.bufferedAmount = 1e9;
  microphones[0].hear();
  assert.equal(problemNow(), 'audio-dropped');
  network.last.bufferedAmount = 0;
  const ack = () => network.last.say({ type: 'ack', received: 1, committed: 1 });
  for (let i = 0; i < 9; i += 1) ack();
  assert.equal(problemNow(), 'audio-dropped');
  ack();
  assert.equal(problemNow(), null);
});

test('stopped without a connection, the page does not go on about the connection', async () => {
  const { network, session, listen, problemNow } = page();
  await listen();
  network.last.hangUp(1012);
  assert.equal(problemNow(), 'going-away');
  const stopped = session.stop();
  await new Promise((resolve) => setImmediate(resolve));
  network.pass(20_000);
  await stopped;
  assert.equal(problemNow(), null);
  assert.equal(session.state, 'idle');
});

test('when one problem ends, the one behind it is told again', async () => {
  const { network, microphones, listen, problemNow } = page();
  await listen();
  microphones[0].handlers.onPaused(true);
  network.last.hangUp(1012);
  assert.equal(problemNow(), 'going-away');
  network.pass(1000);
  network.last.accept();
  network.last.say(ready({ resumed: true }));
  assert.equal(problemNow(), 'audio-paused');
});

test('the network coming back ends the pause', async () => {
  const { network, session, listen } = page();
  await listen();
  network.last.hangUp(1006);
  session.retryNow();
  assert.equal(network.sockets.length, 2);
});

test('the account of a session is in words', () => {
  const closed = { audio_s: 61.2, lost_s: 0 };
  assert.equal(endWords(closed), 'Stopped after 1 min 1 s');
  assert.equal(endWords({ audio_s: 119.7, lost_s: 0 }), 'Stopped after 2 min 0 s');
  assert.equal(endWords({ audio_s: 9, lost_s: 1.4 }), 'Stopped after 9 s, 1.4 s were not captioned');
  assert.equal(endWords(null), 'Stopped; the last words may be missing');
});

test('an insecure page is told its secure address', () => {
  assert.deepEqual(problemNamed('insecure-context', PAGE).link, {
    text: 'https://cc.example/?room=main', href: 'https://cc.example/?room=main',
  });
  assert.equal(problemNamed('no-device', PAGE).link, undefined);
});

test('a close code from the future is a problem too', () => {
  const loss = { error: null, opened: true };
  assert.equal(problemOfLoss({ ...loss, code: 4321, willRetry: true }), 'connection-lost');
  assert.equal(problemOfLoss({ ...loss, code: 4777, willRetry: false }), 'wrong-version');
});
