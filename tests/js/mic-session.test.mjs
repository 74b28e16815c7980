import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MicSession } from '../../static/js/page/mic-session.js';
import { endWords, nextState, TRANSITIONS } from '../../static/js/page/mic-state.js';
import { problemNamed, problemOfLoss } from '../../static/js/page/problems.js';
import { FakeNetwork, ready, serverError } from './fake-network.mjs';

const SPEECH = { language: null, vocabulary: [], speaker: null };
const MICROPHONE = { kind: 'microphone', deviceId: '', preset: 'mic', file: null, isAloud: true };
const PAGE = { href: 'http://cc.example/?room=main' };

/** A microphone that does what the test says. */
class ScriptedMicrophone {
  resumed = 0;
  isStopped = false;
  isPaused = false;

  constructor(choice, handlers) {
    this.choice = choice;
    this.handlers = handlers;
    this.sound = { kind: choice.kind, label: 'a sound', settings: null, progress: null };
  }

  async pause() {
    this.isPaused = true;
  }

  async unpause() {
    this.isPaused = false;
  }

  hear(rms = 0.1) {
    this.handlers.onChunk({ samples: new Int16Array(1600).fill(7), rms });
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
  const seen = { states: [], holds: [], problems: [], levels: [], messages: [], ends: [], sounds: [] };
  const script = { problem };
  const microphones = [];
  let permit = () => {};
  const asked = new Promise((resolve) => (permit = resolve));
  const session = new MicSession(
    { url: 'ws://host/ws/publish', protocols: ['livecaption.v1'], room: 'main', speech: SPEECH },
    {
      showState: (state, hold) => {
        if (seen.states.at(-1) !== state) seen.states.push(state);
        seen.holds.push(hold);
      },
      showSound: (sound) => seen.sounds.push(sound),
      showProblem: (name, serverSays) => seen.problems.push([name, serverSays]),
      showMessage: (message) => seen.messages.push(message),
      showLevel: (rms) => seen.levels.push(rms),
      showEnd: (closed) => seen.ends.push(closed),
    },
    {
      startCapture: async (choice, handlers) => {
        await asked;
        if (mistake) throw mistake;
        if (script.problem) throw Object.assign(new Error(script.problem), { problem: script.problem });
        microphones.push(new ScriptedMicrophone(choice, handlers));
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
    await session.start(MICROPHONE);
    network.last.accept();
    network.last.say(ready());
  };
  const problemNow = () => seen.problems.at(-1)?.[0] ?? null;
  return { network, seen, session, script, microphones, permit, settle, listen, problemNow };
}

test('every transition leads to a state, and what means nothing changes nothing', () => {
  for (const events of Object.values(TRANSITIONS)) {
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
  await session.start(MICROPHONE);
  assert.equal(network.sockets.length, 1);
});

for (const problem of ['no-permission', 'no-device', 'device-busy', 'insecure-context', 'audio-failed']) {
  test(`${problem} is told, and Start works again`, async () => {
    const { seen, session, permit, network, problemNow } = page({ problem });
    permit();
    await session.start(MICROPHONE);
    assert.equal(problemNow(), problem);
    assert.deepEqual(seen.states, ['asking', 'idle']);
    assert.equal(network.sockets.length, 0);
  });
}

test('a mistake in the page itself is told and not hidden from the console', async () => {
  const { session, permit, problemNow } = page({ mistake: new TypeError('oops') });
  permit();
  await assert.rejects(session.start(MICROPHONE), TypeError);
  assert.equal(problemNow(), 'audio-failed');
  assert.equal(session.state, 'idle');
});

test('cancelled while the browser asks, the microphone is let go at once', async () => {
  const { session, permit, microphones, network } = page();
  const starting = session.start(MICROPHONE);
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
    await session.start(MICROPHONE);
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

for (const [code, problem] of [[4009, 'taken-over'], [4501, 'wrong-key'], [4503, 'wrong-origin'], [4504, 'quota'], [4507, 'wrong-version'], [4999, 'wrong-version'], [1000, 'session-ended']]) {
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

test('a microphone that is taken away leaves the session waiting for another', async () => {
  const { network, session, microphones, listen, settle, problemNow } = page();
  await listen();
  microphones[0].handlers.onEnded(false);
  await settle();
  assert.equal(microphones[0].isStopped, true);
  assert.equal(network.last.messages.at(-1).type, 'finalize', 'the last words are not to wait');
  assert.equal(session.state, 'listening');
  assert.equal(session.hold.hasSound, false);
  assert.equal(problemNow(), 'microphone-gone');
  await session.changeSound({ ...MICROPHONE, deviceId: 'another' });
  assert.equal(session.hold.hasSound, true);
  assert.equal(problemNow(), null);
  const before = network.last.sampleCount;
  microphones[1].hear();
  assert.equal(network.last.sampleCount, before + 1600);
});

test('another microphone that is not to be had is told, and the session still waits', async () => {
  const { session, script, microphones, listen, settle, problemNow } = page();
  await listen();
  microphones[0].handlers.onEnded(false);
  await settle();
  script.problem = 'no-device';
  await session.changeSound(MICROPHONE);
  assert.equal(problemNow(), 'no-device');
  assert.equal(session.state, 'listening');
  assert.equal(session.hold.hasSound, false);
});

test('a microphone is exchanged within the session, and nothing heard before is lost', async () => {
  const { network, session, microphones, listen } = page();
  await listen();
  microphones[0].hear();
  await session.changeSound({ ...MICROPHONE, preset: 'line' });
  assert.equal(microphones[0].isStopped, true);
  assert.equal(microphones[1].choice.preset, 'line');
  assert.equal(network.last.sampleCount, 2400, 'with the chunk that was being filled');
  assert.equal(network.sockets.length, 1);
});

for (const [kind, hasFinished, problem] of [['file', true, null], ['file', false, 'bad-file'], ['shared', false, null]]) {
  test(`a ${kind} that ends (${hasFinished ? 'all of it' : 'early'}) ends the session calmly`, async () => {
    const { network, session, seen, microphones, permit, settle, problemNow } = page();
    permit();
    await session.start({ ...MICROPHONE, kind });
    network.last.accept();
    network.last.say(ready());
    microphones[0].handlers.onEnded(hasFinished);
    await settle();
    assert.equal(network.last.messages.at(-1).type, 'stop');
    network.last.say({ type: 'closed', reason: 'stop', audio_s: 9, captioned_s: 9, silent_s: 0, lost_s: 0 });
    await settle();
    assert.equal(session.state, 'idle');
    assert.equal(seen.ends.length, 1);
    assert.equal(problemNow(), problem);
  });
}

test('muted, the clock goes on over silence and nothing of the sound is sent', async () => {
  const { network, session, seen, microphones, listen, problemNow } = page();
  await listen();
  session.setMuted(true);
  for (let i = 0; i < 60; i += 1) microphones[0].hear(0);
  assert.equal(network.last.sampleCount, 60 * 1600);
  assert.ok(network.last.samples.every((sample) => sample === 0));
  assert.equal(problemNow(), null, 'its silence is meant');
  assert.equal(seen.holds.at(-1).isSpeaking, false);
  for (let i = 0; i < 6; i += 1) microphones[0].hear(0.2);
  assert.equal(seen.holds.at(-1).isSpeaking, true, 'whoever speaks is reminded');
  assert.equal(seen.levels.at(-1), 0.2);
  session.setMuted(false);
  microphones[0].hear(0.2);
  assert.equal(network.last.samples.at(-1), 7);
  assert.equal(seen.holds.at(-1).isSpeaking, false);
});

test('paused, nothing is captured, the utterance is closed and the session kept alive', async () => {
  const { network, session, microphones, listen } = page();
  await listen();
  microphones[0].hear();
  await session.setPaused(true);
  assert.equal(microphones[0].isPaused, true);
  assert.equal(network.last.messages.at(-1).type, 'finalize');
  network.last.say({ type: 'finalized' });
  for (let i = 0; i < 40; i += 1) network.pass(1000);
  assert.ok(network.last.messages.filter(({ type }) => type === 'keepalive').length >= 3);
  assert.equal(network.sockets.length, 1);
  await session.setPaused(false);
  assert.equal(microphones[0].isPaused, false);
});

test('a hold outlasts a lost connection and another microphone, but not the session', async () => {
  const { network, session, microphones, listen, settle } = page();
  await listen();
  session.setMuted(true);
  await session.setPaused(true);
  network.last.hangUp(1006);
  await session.changeSound(MICROPHONE);
  assert.equal(microphones[1].isPaused, true);
  assert.deepEqual([session.hold.isMuted, session.hold.isPaused], [true, true]);
  const stopped = session.stop();
  await settle();
  await session.stop();
  await stopped;
  const again = session.start(MICROPHONE);
  assert.deepEqual([session.hold.isMuted, session.hold.isPaused], [false, false]);
  await again;
});

test('without a session there is nothing to mute or pause', async () => {
  const { session } = page();
  session.setMuted(true);
  await session.setPaused(true);
  await session.changeSound(MICROPHONE);
  assert.deepEqual([session.hold.isMuted, session.hold.isPaused, session.state], [false, false, 'idle']);
});

test('a second Stop ends the wait for the last words', async () => {
  const { network, session, seen, listen, settle } = page();
  await listen();
  const stopped = session.stop();
  await settle();
  assert.equal(session.state, 'finishing');
  await session.stop();
  await stopped;
  assert.equal(session.state, 'idle');
  assert.deepEqual(seen.ends, [null]);
  assert.equal(network.last.isClosedByUs, true);
});

test('a session can be gone on with after a reload, unless its sound was a file', async () => {
  const { network, session, permit, listen, microphones } = page();
  assert.equal(session.checkpoint, null);
  await listen();
  microphones[0].hear();
  assert.deepEqual(session.checkpoint, { session: 's_1', resume_token: 'rt_1', last_seq: 0, position: 1600 });
  const file = page();
  file.permit();
  await file.session.start({ ...MICROPHONE, kind: 'file' });
  file.network.last.accept();
  file.network.last.say(ready());
  assert.equal(file.session.checkpoint, null);
  permit();
  const after = page();
  after.permit();
  await after.session.start(MICROPHONE, session.checkpoint);
  after.network.last.accept();
  assert.deepEqual(after.network.last.messages[0].resume, {
    session: 's_1', resume_token: 'rt_1', last_seq: 0, held_from: 1600,
  });
  assert.equal(network.sockets.length, 1);
});

test('language, names and speaker go out with the start and when they change', async () => {
  const { network, session, listen } = page();
  session.configure({ vocabulary: ['Kyiv'], speaker: 'Ada' });
  await listen();
  const [{ language, vocabulary, speaker }] = network.last.messages;
  assert.deepEqual([language, vocabulary, speaker], [null, ['Kyiv'], 'Ada']);
  session.configure({ language: 'uk' });
  assert.deepEqual(network.last.messages.at(-1), { type: 'configure', language: 'uk' });
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
  for (let i = 0; i < 900; i += 1) microphones[0].hear();
  assert.equal(problemNow(), null, 'it only waits');
  microphones[0].hear();
  assert.equal(problemNow(), 'audio-dropped');
  network.pass(1000);
  network.last.accept();
  network.last.say(ready({ resumed: true, resume_from: 901 * 1600 }));
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
  await session.stop();
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

test('the network coming back ends the pause between attempts', async () => {
  const { network, session, listen } = page();
  await listen();
  network.last.hangUp(1006);
  session.networkChanged();
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
