import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { test } from 'node:test';

import { ObsCaptions } from '../../static/js/overlay/obs-captions.js';
import { ObsSocket, proof } from '../../static/js/overlay/obs-websocket.js';
import { FakeClock } from './fake-clock.mjs';
import { FakeSocket } from './fake-network.mjs';

const HELLO = { op: 0, d: { obsWebSocketVersion: '5.5.2', rpcVersion: 1 } };
const AUTH = { challenge: '+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=', salt: 'lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=' };

function obs({ password = '', crypto = webcrypto.subtle } = {}) {
  const clock = new FakeClock();
  const sockets = [];
  const states = [];
  const env = {
    connect: (url, protocol) => {
      sockets.push(new FakeSocket(url, [protocol]));
      return sockets[sockets.length - 1];
    },
    setTimer: clock.setTimer,
    clearTimer: clock.clearTimer,
    crypto,
  };
  const make = () => new ObsSocket({ url: 'ws://127.0.0.1:4455', password }, (state) => states.push(state), env);
  return { clock, sockets, states, env, make };
}

/** Runs what was awaited. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test('the proof is what OBS computes: SHA-256 of password and salt, then of that and the challenge', async () => {
  const sha = (text) => createHash('sha256').update(text).digest('base64');
  const expected = sha(sha(`süßes Geheimnis${AUTH.salt}`) + AUTH.challenge);
  assert.equal(await proof(webcrypto.subtle, 'süßes Geheimnis', AUTH), expected);
});

test('without a password it identifies at once and asks for no events', async () => {
  const { make, sockets, states } = obs();
  const socket = make();
  socket.open();
  assert.deepEqual([sockets[0].url, sockets[0].protocols], ['ws://127.0.0.1:4455', ['obswebsocket.json']]);
  sockets[0].accept();
  sockets[0].say(HELLO);
  await settled();
  assert.deepEqual(sockets[0].messages, [{ op: 1, d: { rpcVersion: 1, eventSubscriptions: 0 } }]);
  assert.equal(socket.caption('too early'), false);
  sockets[0].say({ op: 2, d: { negotiatedRpcVersion: 1 } });
  assert.deepEqual(states, ['ready']);
});

test('with a password it proves that it knows it, and never says it', async () => {
  const { make, sockets } = obs({ password: 'secret' });
  make().open();
  sockets[0].accept();
  sockets[0].say({ op: 0, d: { ...HELLO.d, authentication: AUTH } });
  await settled();
  const [{ d }] = sockets[0].messages;
  assert.equal(d.authentication, await proof(webcrypto.subtle, 'secret', AUTH));
  assert.ok(!sockets[0].sent.join('').includes('secret'));
});

async function ready(changes) {
  const all = obs(changes);
  const socket = all.make();
  socket.open();
  all.sockets[0].accept();
  all.sockets[0].say(HELLO);
  await settled();
  all.sockets[0].say({ op: 2, d: {} });
  return { ...all, socket };
}

test('a caption is a request, and 501 only says that OBS does not stream', async () => {
  const { socket, sockets, states } = await ready();
  assert.equal(socket.caption('one\ntwo'), true);
  assert.deepEqual(sockets[0].messages[1], {
    op: 6, d: { requestType: 'SendStreamCaption', requestId: '1', requestData: { captionText: 'one\ntwo' } },
  });
  const answer = (status) => sockets[0].say({ op: 7, d: { requestType: 'SendStreamCaption', requestId: '1', requestStatus: status } });
  answer({ result: false, code: 501, comment: 'not streaming' });
  assert.equal(socket.state, 'ready');
  answer({ result: true, code: 100 });
  answer({ result: false, code: 501 });
  assert.deepEqual(states, ['ready', 'streaming', 'ready']);
});

test('it comes back when OBS was closed, and not when the password is wrong', async () => {
  const { socket, sockets, states, clock } = await ready();
  sockets[0].hangUp(1006);
  assert.equal(socket.caption('lost'), false);
  assert.equal(socket.state, 'unreachable');
  clock.pass(4999);
  assert.equal(sockets.length, 1);
  clock.pass(1);
  assert.equal(sockets.length, 2);
  sockets[1].hangUp(4009);
  clock.pass(600_000);
  assert.equal(sockets.length, 2);
  assert.deepEqual(states, ['ready', 'unreachable', 'connecting', 'wrong-password']);
});

test('where a page is not secure a password cannot be proven, and it says so', async () => {
  const { make, sockets, states } = obs({ password: 'secret', crypto: null });
  make().open();
  sockets[0].accept();
  sockets[0].say({ op: 0, d: { ...HELLO.d, authentication: AUTH } });
  await settled();
  assert.deepEqual(states, ['needs-https']);
});

test('nonsense from the other side is ignored', async () => {
  const { socket, sockets } = await ready();
  for (const data of ['{', 'null', '7', '"x"', '[]', '{"op":7}', '{"op":99,"d":null}']) sockets[0].onmessage?.({ data });
  assert.equal(socket.state, 'ready');
});

test('an address that is none is unreachable', () => {
  const { env, states } = obs();
  const broken = { ...env, connect: () => { throw new SyntaxError('no'); } };
  new ObsSocket({ url: 'nonsense', password: '' }, (state) => states.push(state), broken).open();
  assert.deepEqual(states, ['unreachable']);
});

test('a closed one stays away', async () => {
  const { socket, sockets, clock } = await ready();
  sockets[0].hangUp(1006);
  socket.close();
  clock.pass(60_000);
  socket.open();
  assert.equal(sockets.length, 1);
});

test('captions go to OBS once a second, and the last words are not left over', async () => {
  const { env, sockets, clock } = obs();
  const captions = new ObsCaptions({ port: 4460, password: '' }, () => {}, clock, env);
  assert.equal(sockets[0].url, 'ws://127.0.0.1:4460');
  sockets[0].accept();
  sockets[0].say(HELLO);
  await settled();
  sockets[0].say({ op: 2, d: {} });
  const delta = (text) => captions.receive({ type: 'delta', seq: 1, utterance: 1, text, session: 's', speaker: null });
  delta('One');
  clock.pass(300);
  delta(' two');
  clock.pass(300);
  delta(' three.');
  clock.pass(10_000);
  const sent = sockets[0].messages.filter(({ op }) => op === 6).map(({ d }) => d.requestData.captionText);
  assert.deepEqual(sent, ['One', 'One two three.']);
  captions.close();
  assert.equal(clock.pending, 0);
});
