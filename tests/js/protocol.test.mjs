import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  decodeServer, encodeConfigure, encodeFinalize, encodeHello, encodeKeepalive, encodeStart, encodeStop, offeredProtocols,
  WireError,
} from '../../static/js/net/protocol.js';

const FOLDER = new URL('../protocol/fixtures/', import.meta.url);

const SPEECH = { language: null, vocabulary: [], speaker: null };

const FIXTURES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) }));

/** @param {string} name @returns {any} */
function fixture(name) {
  const found = FIXTURES.find((one) => one.name === `${name}.json`);
  assert.ok(found, `${name}.json is among the fixtures`);
  return found.message;
}

/** @param {unknown} message */
const decode = (message) => decodeServer(JSON.stringify(message));

const FROM_SERVER = FIXTURES.filter(({ direction }) => direction.startsWith('server_to_'));

test('there are fixtures from the server and from the client', () => {
  assert.ok(FROM_SERVER.length >= 12);
  assert.ok(FIXTURES.length - FROM_SERVER.length >= 5);
});

for (const { name, message } of FROM_SERVER) {
  test(`the fixture ${name} is read as it is`, () => assert.deepEqual(decode(message), message));

  test(`the fixture ${name} with an unknown field is read all the same`, () => {
    assert.deepEqual(decode({ ...message, novelty: 1 }), { ...message, novelty: 1 });
  });
}

test('what the mic page writes are messages that the server knows', () => {
  const start = JSON.parse(encodeStart({ room: 'main', ...SPEECH, resume: null }));
  for (const [field, value] of Object.entries(start)) {
    assert.ok(field in fixture('start'), field);
    if (field === 'audio') assert.deepEqual(value, fixture('start').audio);
  }
  assert.deepEqual(start.resume, null);
  const { resume } = fixture('start');
  assert.deepEqual(JSON.parse(encodeStart({ room: 'main', ...SPEECH, resume })).resume, resume);
  assert.deepEqual(JSON.parse(encodeStop()), fixture('stop'));
  assert.deepEqual(JSON.parse(encodeFinalize()), fixture('finalize'));
  assert.deepEqual(JSON.parse(encodeKeepalive()), fixture('keepalive'));
  assert.equal(JSON.parse(encodeHello()).type, fixture('hello').type);
  assert.deepEqual(JSON.parse(encodeConfigure({ language: null })), { type: 'configure', language: null });
  const { type: _, ...changes } = fixture('configure');
  assert.deepEqual(JSON.parse(encodeConfigure(changes)), fixture('configure'));
});

test('a message of a type from the future is no error', () => {
  assert.equal(decode({ type: 'translation', text: 'hei' }), null);
  assert.equal(decode({ type: 'constructor' }), null);
});

for (const [name, data] of Object.entries({
  'a binary frame': new ArrayBuffer(4),
  'text that is not JSON': 'hello',
  'a JSON list': '[]',
  'a JSON null': 'null',
  'an object without type': '{}',
  'a type that is no text': '{"type":1}',
})) {
  test(`${name} is refused`, () => assert.throws(() => decodeServer(data), WireError));
}

for (const { name, message } of FROM_SERVER) {
  test(`the fixture ${name} with a field of the wrong kind is refused`, () => {
    const relied = Object.keys(message).filter((field) => {
      try {
        decode({ ...message, [field]: [{}] });
        return false;
      } catch (error) {
        assert.ok(error instanceof WireError);
        return true;
      }
    });
    assert.ok(relied.includes('type'));
    const carriesText = 'text' in message;
    assert.equal(relied.includes('text'), carriesText);
  });
}

test('a broken part inside a snapshot is refused', () => {
  const snapshot = fixture('snapshot');
  assert.throws(() => decode({ ...snapshot, finals: [{ type: 'final' }] }), WireError);
  assert.throws(() => decode({ ...snapshot, open_utterances: [null] }), WireError);
});

test('a token is offered as a second subprotocol', () => {
  assert.deepEqual(offeredProtocols(null), ['livecaption.v1']);
  assert.deepEqual(offeredProtocols('abc.def'), ['livecaption.v1', 'lct.abc.def']);
});
