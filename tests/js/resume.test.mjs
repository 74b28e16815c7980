/** Properties of going on with a session, over seeded breaks of every kind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { textOf } from '../../static/js/caption/caption-lines.js';
import { applyEvent, NO_CAPTIONS } from '../../static/js/caption/caption-model.js';
import { publisher } from './publisher.mjs';
import { randomFrom, wholeBetween } from './random.mjs';
import { ResumingServer } from './resuming-server.mjs';

const CUTS = ['closed', 'half-open', 'up', 'down'];

/** @param {() => number} random */
function conversation(random) {
  const { network, log, socket, speak, reload } = publisher();
  const server = new ResumingServer(network, random);
  /** Speaks for a while. @param {number} ms */
  const talk = (ms) => {
    for (let passed = 0; passed < ms; passed += 100) {
      speak(1);
      network.pass(100);
      server.step();
    }
  };
  const shown = () => log.messages.reduce((captions, message) => {
    const isOfCaptions = 'seq' in message || message.type === 'partial' || message.type === 'ready';
    return isOfCaptions ? applyEvent(captions, message) : captions;
  }, NO_CAPTIONS);
  talk(2000);
  return { network, log, socket, server, talk, shown, reload };
}

/** @param {ResumingServer} server @param {string} seed @returns {number} samples in declared holes */
function assertEverySampleInItsPlace(server, seed) {
  let holes = 0;
  for (const [at, sample] of server.samples.entries()) {
    if (Number.isNaN(sample)) holes += 1;
    else if (sample !== at % 32768) assert.fail(`${seed}: sample ${at} is ${sample}`);
  }
  return holes;
}

test('outages of up to a minute, of every kind, lose no sample and repeat no word', () => {
  let [breaks, takeovers, late] = [0, 0, 0];
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = randomFrom(seed);
    const { server, talk, shown, log, network } = conversation(random);
    let said = 2000;
    const go = (ms) => {
      talk(ms);
      said += ms;
    };
    for (let i = 0; i < 3; i += 1) {
      network.luck = random();
      server.cut(CUTS[wholeBetween(random, 0, CUTS.length - 1)]);
      server.isNetworkUp = false;
      go(wholeBetween(random, 1, 500) * 100);
      server.isNetworkUp = true;
      server.isNextHeldUp = random() < 0.3;
      go(45_000);
      if (random() < 0.5) server.deliverLate();
      if (random() < 0.3) server.restart();
      go(70_000);
      breaks += 1;
    }
    takeovers += server.takeovers;
    late += server.lateTakeovers;
    assert.equal(assertEverySampleInItsPlace(server, `seed ${seed}`), 0, `seed ${seed}: nothing is lost`);
    assert.ok(server.samples.length >= (said - 300) * 16, `seed ${seed}: it has caught up`);
    assert.equal(server.sessions, 1, `seed ${seed}: one session`);
    assert.equal(log.dropped, 0);
    const words = Math.floor((server.samples.length - 8000) / 16_000);
    server.step();
    const text = shown().lines.map(textOf).join('|');
    const wanted = Array.from({ length: words }, (_, n) => ` w${n}`).join('');
    assert.ok(text === wanted, `seed ${seed}: …${text.slice(-40)}`);
  }
  assert.ok(breaks === 75 && takeovers >= 10 && late >= 5, `${takeovers} takeovers, ${late} late`);
});

test('however long an outage is, what is missing is declared and nothing else is missing', () => {
  let withHoles = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = randomFrom(seed);
    const { server, talk, shown, network } = conversation(random);
    network.luck = random();
    server.cut(CUTS[wholeBetween(random, 0, CUTS.length - 1)]);
    server.isNetworkUp = false;
    talk(wholeBetween(random, 60, 240) * 1000);
    server.isNetworkUp = true;
    talk(330_000);
    const holes = assertEverySampleInItsPlace(server, `seed ${seed}`);
    const gaps = shown().lines.filter(({ kind }) => kind === 'gap');
    const declared = gaps.reduce((sum, { seconds }) => sum + seconds * 16_000, 0);
    assert.ok(Math.abs(declared - holes) < 1, `seed ${seed}: ${declared} declared, ${holes} missing`);
    if (holes > 0) withHoles += 1;
    assert.equal(server.sessions, 1);
    assert.ok(server.resumes >= 1);
  }
  assert.ok(withHoles >= 5, `${withHoles} outages lost something`);
});

test('a reload goes on with the session: captions once, and a hole only for what was under way', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomFrom(seed);
    const { server, talk, shown, reload, socket } = conversation(random);
    talk(wholeBetween(random, 10, 200) * 100);
    const underWay = random() < 0.5;
    if (underWay) {
      server.cut('half-open');
      talk(1000);
    }
    reload();
    talk(60_000);
    const holes = assertEverySampleInItsPlace(server, `seed ${seed}`);
    assert.ok(holes <= (underWay ? 1.2 : 0.1) * 16_000, `seed ${seed}: ${holes} missing`);
    assert.equal(server.sessions, 1);
    assert.equal(socket.checkpoint.session, 's_1');
    const text = shown().lines.map(textOf).join('');
    const words = text.trim().split(' ');
    assert.equal(new Set(words).size, words.length, `seed ${seed}: no word twice`);
  }
});
