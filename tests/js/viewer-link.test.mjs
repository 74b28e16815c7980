import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { ViewerLink } from '../../static/js/net/viewer-link.js';

const PAGE = { href: 'https://cc.example/?room=hall#token=x' };
const ACCESS = { isRequired: true, headers: { Authorization: 'Bearer key' } };

beforeEach(() => {
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
  };
});
afterEach(() => delete globalThis.sessionStorage);

class Server {
  made = 0;
  revoked = new Set();
  asked = [];
  isDown = false;

  request = async (url, { method = 'GET', headers }) => {
    this.asked.push([method, url, headers.Authorization]);
    if (this.isDown) throw new TypeError('network');
    if (method === 'POST') {
      this.made += 1;
      return Response.json({ token: `lv_${this.made}` }, { status: 201 });
    }
    const link = headers.Authorization.slice(7);
    if (this.revoked.has(link)) return new Response('', { status: 401 });
    return new Response(`<svg>${link}</svg>`);
  };
}

const linkFor = (server, access = ACCESS) => new ViewerLink(PAGE, 'hall', access, server.request);

test('a room that is open needs no link', async () => {
  const server = new Server();
  const { viewer, overlay, qr } = await linkFor(server, { isRequired: false, headers: {} }).addresses();
  assert.equal(viewer, 'https://cc.example/watch/hall');
  assert.equal(overlay, 'https://cc.example/overlay/hall');
  assert.equal(qr, '/v1/rooms/hall/qr.svg?origin=https%3A%2F%2Fcc.example');
  assert.deepEqual(server.asked, []);
});

test('a link is made with the key, once, and drawn with itself', async () => {
  const server = new Server();
  const link = linkFor(server);
  const [first, again] = await Promise.all([link.addresses(), link.addresses()]);
  assert.equal(first, again);
  assert.equal(first.viewer, 'https://cc.example/watch/hall#t=lv_1');
  assert.equal(first.overlay, 'https://cc.example/overlay/hall#t=lv_1');
  assert.equal(first.qr, 'data:image/svg+xml,%3Csvg%3Elv_1%3C%2Fsvg%3E');
  assert.deepEqual(server.asked.map(([method, , shown]) => [method, shown]), [
    ['POST', 'Bearer key'], ['GET', 'Bearer lv_1'],
  ]);
  assert.ok(!server.asked.some(([, url]) => url.includes('lv_')), 'secrets are in no address');
});

test('a reload keeps the link, unless it was taken back', async () => {
  const server = new Server();
  await linkFor(server).addresses();
  assert.match((await linkFor(server).addresses()).viewer, /lv_1$/);
  server.revoked.add('lv_1');
  assert.match((await linkFor(server).addresses()).viewer, /lv_2$/);
  assert.equal(server.made, 2);
});

test('after a failure it is tried again', async () => {
  const server = new Server();
  const link = linkFor(server);
  server.isDown = true;
  await assert.rejects(link.addresses());
  server.isDown = false;
  assert.match((await link.addresses()).viewer, /lv_1$/);
});
