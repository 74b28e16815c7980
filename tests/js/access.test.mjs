import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Access, Refusal } from '../../static/js/net/access.js';

const KEY = `lck_${'a'.repeat(48)}`;

/** A tab's storage. */
class Storage {
  kept = new Map();
  getItem = (name) => this.kept.get(name) ?? null;
  setItem = (name, text) => void this.kept.set(name, text);
  removeItem = (name) => void this.kept.delete(name);
}

/** A server that asks for a key, or does not; the test may change its mind. */
class Server {
  access = 'key';
  good = KEY;
  /** @type {Response | Error | null} instead of a token */
  answer = null;
  asked = [];
  #tokens = 0;

  request = async (url, { method = 'GET', headers = {}, body = '' }) => {
    this.asked.push(`${method} ${url}`);
    if (this.answer instanceof Error) throw this.answer;
    if (url === '/readyz') return Response.json({ status: 'ready', access: this.access });
    this.body = JSON.parse(body);
    if (this.answer) return this.answer.clone();
    if (headers.Authorization !== `Bearer ${this.good}`) {
      const error = { code: headers.Authorization ? 'bad_key' : 'key_required', message: 'A key.' };
      return Response.json({ error }, { status: 401 });
    }
    this.#tokens += 1;
    return Response.json({ token: `t${this.#tokens}` }, { status: 201 });
  };
}

function page({ offered = ['livecaption.v1'], storage = new Storage() } = {}) {
  const server = new Server();
  return { server, storage, access: new Access('hall', offered, { request: server.request, storage }) };
}

/** @param {number} code @returns {(error: any) => boolean} */
const refusedWith = (code) => (error) => error instanceof Refusal && error.code === code;

test('where no key is asked for, the server is asked once and nothing is shown', async () => {
  const { server, access } = page();
  server.access = 'open';
  for (let i = 0; i < 3; i += 1) assert.deepEqual(await access.protocols(false), ['livecaption.v1']);
  assert.deepEqual(server.asked, ['GET /readyz']);
  assert.equal(access.isLocked, false);
  assert.deepEqual(access.headers, {});
});

test('a server that does not know the question asks for no key', async () => {
  const { server, access } = page();
  server.access = undefined;
  assert.deepEqual(await access.protocols(false), ['livecaption.v1']);
});

test('a server that begins to ask for keys is noticed when it refuses a connection', async () => {
  const { server, access } = page();
  server.access = 'open';
  await access.protocols(false);
  server.access = 'key';
  await assert.rejects(access.protocols(true), refusedWith(4501));
  assert.equal(access.isLocked, true);
});

test('each connection gets a token of its own for the room', async () => {
  const { server, access } = page();
  await access.use(KEY);
  assert.deepEqual(await access.protocols(false), ['livecaption.v1', 'lct.t2']);
  assert.deepEqual(await access.protocols(false), ['livecaption.v1', 'lct.t3']);
  assert.deepEqual(server.body, { room: 'hall', role: 'publish' });
});

test('a key lives in the tab, and only when it opens the room', async () => {
  const { server, storage, access } = page();
  await access.look();
  assert.equal(access.isLocked, true);
  for (const wrong of ['', 'no key', 'Ключ', 'lck_\n', 'x'.repeat(300)]) {
    await assert.rejects(access.use(wrong), refusedWith(4501), wrong);
  }
  await assert.rejects(access.use('lck_wrong'), refusedWith(4501));
  assert.equal(storage.kept.size, 0);
  await access.use(`  ${KEY}\n`);
  assert.deepEqual([...storage.kept.values()], [KEY]);
  assert.equal(access.isLocked, false);
  assert.deepEqual(access.headers, { Authorization: `Bearer ${KEY}` });
  const reloaded = new Access('hall', ['livecaption.v1'], { request: server.request, storage });
  await reloaded.look();
  assert.equal(reloaded.isLocked, false);
});

test('a key that was taken back is forgotten, so that another is asked for', async () => {
  const { server, storage, access } = page();
  await access.use(KEY);
  server.good = 'another';
  await assert.rejects(access.protocols(false), refusedWith(4501));
  assert.equal(storage.kept.size, 0);
  assert.equal(access.isLocked, true);
});

test('a token in the page’s address is used for one connection', async () => {
  const { server, access } = page({ offered: ['livecaption.v1', 'lct.abc'] });
  await access.look();
  assert.equal(access.isLocked, false);
  assert.deepEqual(await access.protocols(false), ['livecaption.v1', 'lct.abc']);
  await assert.rejects(access.protocols(false), refusedWith(4501));
  assert.equal(server.asked.at(-1), 'POST /v1/tokens');
});

test('what a refusal means is what a socket’s close code would have said', async () => {
  for (const [status, code] of [[401, 4501], [403, 4503], [429, 1013], [503, 1013], [502, 1006], [500, 1006]]) {
    const { server, access } = page();
    const error = { code: 'x', message: 'Why.' };
    server.answer = Response.json({ error }, { status, headers: { 'Retry-After': '7' } });
    await assert.rejects(access.use(KEY), (refusal) => {
      assert.equal(refusal.code, code);
      assert.equal(refusal.error.message, 'Why.');
      assert.equal(refusal.error.retry_after_ms, 7000);
      return true;
    });
  }
});

test('no answer, or a proxy’s page, is a broken connection', async () => {
  const { server, access } = page();
  server.answer = new TypeError('network');
  await assert.rejects(access.protocols(false), refusedWith(1006));
  await access.look();
  server.answer = new Response('<html>', { status: 504 });
  await assert.rejects(access.use(KEY), refusedWith(1006));
});

test('a private window without storage still works', async () => {
  const server = new Server();
  const access = new Access('hall', ['livecaption.v1'], { request: server.request, storage: null });
  await access.use(KEY);
  assert.deepEqual(await access.protocols(false), ['livecaption.v1', 'lct.t2']);
});
