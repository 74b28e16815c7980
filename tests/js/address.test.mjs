import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  numberFromQuery, roomFromPath, roomFromQuery, secureTwin, socketFor,
} from '../../static/js/net/address.js';
import { diagnose } from '../../static/js/net/diagnose.js';

const at = (href) => ({ href });
const LINES = { least: 1, most: 10, usual: 2 };

test('the room comes from the query or from the path, and is main otherwise', () => {
  assert.equal(roomFromQuery(at('http://host/?room=hall-2')), 'hall-2');
  assert.equal(roomFromQuery(at('http://host/')), 'main');
  assert.equal(roomFromQuery(at('http://host/?room=')), 'main');
  assert.equal(roomFromPath(at('http://host/overlay/hall_2?lines=3')), 'hall_2');
  assert.equal(roomFromPath(at('http://host/overlay/')), 'main');
});

test('a name that no room can have is none', () => {
  for (const name of ['a b', '%3Cimg%3E', 'x'.repeat(65), '..%2F', 'caf%C3%A9']) {
    assert.equal(roomFromQuery(at(`http://host/?room=${name}`)), null, name);
    assert.equal(roomFromPath(at(`http://host/overlay/${name}`)), null, name);
  }
});

test('numbers are drawn into their range, nonsense becomes the usual value', () => {
  const lines = (text) => numberFromQuery(at(`http://host/overlay/main${text}`), 'lines', LINES);
  assert.deepEqual(
    ['', '?lines=', '?lines=abc', '?lines=NaN', '?lines=4', '?lines=99', '?lines=-1', '?lines=Infinity']
      .map(lines),
    [2, 2, 2, 2, 4, 10, 1, 10],
  );
});

test('the socket is on the page’s own host, encrypted when the page is', () => {
  assert.equal(socketFor(at('http://localhost:8000/?room=x'), '/ws/publish').url,
    'ws://localhost:8000/ws/publish');
  assert.equal(socketFor(at('https://cc.example/overlay/x'), '/ws/watch?room=x').url,
    'wss://cc.example/ws/watch?room=x');
});

test('a token in the fragment is offered as a subprotocol and is in no address', () => {
  const { url, protocols } = socketFor(at('https://cc.example/?room=x#token=abc.d-e_f'), '/ws/publish');
  assert.deepEqual(protocols, ['livecaption.v1', 'lct.abc.d-e_f']);
  assert.ok(!url.includes('abc'));
});

test('a token that cannot be a subprotocol is not offered', () => {
  const { protocols } = socketFor(at('https://cc.example/#token=a%20b,c'), '/ws/publish');
  assert.deepEqual(protocols, ['livecaption.v1']);
});

test('the secure twin of a page keeps its place', () => {
  assert.equal(secureTwin(at('http://cc.example:8000/?room=x')), 'https://cc.example:8000/?room=x');
});

test('a refused handshake is explained by the readiness of the server', async () => {
  const answer = (status, body = {}) => diagnose(async (url) => {
    assert.equal(url, '/readyz');
    return new Response(JSON.stringify(body), { status });
  });
  assert.equal(await answer(200, { status: 'ready' }), 'refused');
  for (const status of ['loading', 'draining', 'failed']) {
    assert.equal(await answer(503, { status }), status);
  }
  assert.equal(await answer(503, { status: 'restarting' }), 'loading');
  assert.equal(await answer(503, { status: 'full' }), 'full');
  assert.equal(await answer(429), 'full');
  assert.equal(await answer(502), 'unreachable');
  const broken = new Response('<html>', { status: 503 });
  assert.equal(await diagnose(async () => broken), 'unreachable');
  assert.equal(await diagnose(async () => Promise.reject(new TypeError('offline'))), 'unreachable');
});
