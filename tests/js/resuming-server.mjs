/**
 * A server that keeps sessions over broken connections, as the protocol promises, and links that
 * break in every way: with or without notice, in either direction, with late deliveries.
 *
 * Every second of audio is a word, so that captions tell which audio was heard, and every sample is
 * kept by its index. A hole that was declared is filled with `HOLE`.
 */
import { ready } from './fake-network.mjs';

const WORD = 16_000;
/** Audio that the server has but has not captioned yet. */
const DELAY = 8000;
export const HOLE = NaN;
const PING_MS = 20_000;

/** One connection: what was said on it and did not arrive yet, in both directions. */
class Link {
  taken = 0;
  /** @type {object[]} */
  down = [];
  isUpOpen = true;
  isDownOpen = true;
  isCurrent = false;
  hasEnded = false;
  silentMs = 0;
  sinceAckMs = 0;

  /** @param {import('./fake-network.mjs').FakeSocket} socket */
  constructor(socket) {
    this.socket = socket;
  }

  get waiting() {
    return this.socket.sent.length - this.taken;
  }
}

export class ResumingServer {
  /** @type {number[]} by sample index of the session */
  samples = [];
  /** @type {object[]} numbered events, the first with seq 1 */
  events = [];
  /** Samples whose fate is stored. */
  committed = 0;
  isNetworkUp = true;
  /** Whether the next connection opens and then delivers nothing from the page. */
  isNextHeldUp = false;
  lateTakeovers = 0;
  sessions = 0;
  takeovers = 0;
  resumes = 0;
  #network;
  #random;
  #token = 0;
  /** @type {Link[]} */
  #links = [];

  /** @param {import('./fake-network.mjs').FakeNetwork} network @param {() => number} random */
  constructor(network, random) {
    this.#network = network;
    this.#random = random;
  }

  get current() {
    return this.#links.find((link) => link.isCurrent);
  }

  /** Lets the network work for 100 ms. */
  step() {
    for (const socket of this.#network.sockets.slice(this.#links.length)) {
      this.#links.push(new Link(socket));
    }
    if (!this.isNetworkUp) return;
    const newest = this.#links.at(-1);
    if (newest && newest.socket.readyState === 0 && !newest.socket.isClosedByUs) {
      newest.isUpOpen = !this.isNextHeldUp;
      this.isNextHeldUp = false;
      newest.socket.accept();
    }
    for (const link of this.#links) if (!link.hasEnded) this.#carry(link);
    this.#caption();
  }

  /** Breaks the present connection. @param {"closed" | "half-open" | "up" | "down"} kind */
  cut(kind) {
    const link = this.current;
    if (!link) return;
    if (kind === 'up' || kind === 'half-open') link.isUpOpen = false;
    if (kind === 'down' || kind === 'half-open') link.isDownOpen = false;
    if (kind !== 'closed') return;
    this.#hear(link, Math.floor(this.#random() * (link.waiting + 1)));
    this.#tell(link, Math.floor(this.#random() * (link.down.length + 1)));
    this.#end(link, 1006);
  }

  /** Forgets what was not stored, and breaks every connection. */
  restart() {
    this.samples.length = this.committed;
    for (const link of this.#links) if (!link.hasEnded) this.#end(link, 1012);
  }

  /** What a connection that the page gave up on had not delivered arrives after all. */
  deliverLate() {
    const late = this.#links.findLast((link) => link.socket.isClosedByUs && link.waiting > 0);
    if (!late) return;
    late.hasEnded = false;
    late.isUpOpen = true;
    const before = this.takeovers;
    this.#hear(late, late.waiting);
    this.lateTakeovers += this.takeovers - before;
    this.#end(late, 1006);
  }

  /** @param {Link} link */
  #carry(link) {
    link.silentMs = link.isUpOpen ? 0 : link.silentMs + 100;
    if (link.silentMs >= PING_MS) {
      // No pong came: the server gives up. The page hears of it if its direction works.
      this.#end(link, link.isDownOpen ? 1011 : null);
      return;
    }
    if (link.isUpOpen) this.#hear(link, link.waiting);
    if (!link.hasEnded && link.isCurrent) this.#report(link);
    if (!link.hasEnded && link.isDownOpen) this.#tell(link, link.down.length);
  }

  /** @param {Link} link */
  #report(link) {
    link.sinceAckMs += 100;
    if (link.sinceAckMs < 1000) return;
    link.sinceAckMs = 0;
    link.down.push({ type: 'ack', received: this.samples.length, committed: this.committed });
  }

  /** @param {Link} link @param {number} count messages */
  #hear(link, count) {
    for (let i = 0; i < count && !link.hasEnded; i += 1) {
      const data = link.socket.sent[link.taken];
      link.taken += 1;
      if (typeof data !== 'string') {
        if (link.isCurrent) for (const sample of data) this.samples.push(sample);
        continue;
      }
      const message = JSON.parse(data);
      if (message.type === 'start') this.#start(link, message.resume);
      if (message.type === 'finalize' && link.isCurrent) link.down.push({ type: 'finalized' });
    }
  }

  /** @param {Link} link @param {any} resume */
  #start(link, resume) {
    // The answer with the newest token may never have arrived: the one before is as good.
    const tokens = [`rt_${this.#token}`, `rt_${this.#token - 1}`];
    if (resume && !tokens.includes(resume.resume_token)) {
      if (!link.socket.isClosedByUs) throw new Error('the page offers an old token');
      this.#end(link, 1008);
      return;
    }
    const before = this.current;
    if (before) {
      this.takeovers += 1;
      this.#end(before, before.isDownOpen ? 4009 : null);
    }
    link.isCurrent = true;
    if (!resume) {
      this.sessions += 1;
      link.down.push(ready({ resume_token: `rt_${this.#token}` }));
      return;
    }
    this.resumes += 1;
    this.#token += 1;
    const from = this.samples.length;
    if (resume.held_from > from) {
      while (this.samples.length < resume.held_from) this.samples.push(HOLE);
      this.#event({ type: 'gap', from: from / 16_000, to: resume.held_from / 16_000, reason: 'client' });
    }
    link.down.push(
      ready({ resumed: true, resume_token: `rt_${this.#token}`, resume_from: this.samples.length }),
      ...this.events.slice(resume.last_seq),
    );
  }

  /** Captions whole seconds. */
  #caption() {
    while (this.samples.length >= this.committed + WORD + DELAY) {
      const word = this.samples.slice(this.committed, this.committed + WORD);
      const number = this.committed / WORD;
      this.committed += WORD;
      if (word.some(Number.isNaN)) continue;
      const seq = this.#event({ type: 'delta', utterance: 1, text: ` w${number}`, words: [] });
      this.current?.down.push(this.events[seq - 1]);
    }
  }

  /** @param {object} event @returns {number} its seq */
  #event(event) {
    this.events.push({ ...event, seq: this.events.length + 1 });
    return this.events.length;
  }

  /** @param {Link} link @param {number} count messages */
  #tell(link, count) {
    if (link.socket.isClosedByUs) return;
    for (const message of link.down.splice(0, count)) link.socket.say(message);
  }

  /** @param {Link} link @param {number | null} code null when the page does not hear of it */
  #end(link, code) {
    link.hasEnded = true;
    link.isCurrent = false;
    if (code !== null && !link.socket.isClosedByUs) link.socket.hangUp(code);
  }
}
