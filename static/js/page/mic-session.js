// @ts-check
/**
 * One person being captioned: the microphone, the server and what the page says about both.
 *
 * It joins `Capture` and `CaptionSocket` by the table in `mic-state.js`, and decides which problem
 * is worth telling. It must not know the page's elements: it reports to a `MicView`.
 */
import { MuteWatch } from '../audio/level.js';
import { CaptionSocket } from '../net/caption-socket.js';
import { nextState } from './mic-state.js';
import { problemOfDiagnosis, problemOfLoss } from './problems.js';

/**
 * @typedef {import('../audio/capture.js').Chunk} Chunk
 * @typedef {import('../audio/capture.js').CaptureHandlers} CaptureHandlers
 * @typedef {import('../net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('../net/protocol.js').Closed} Closed
 * @typedef {import('../net/reconnecting-socket.js').Loss} Loss
 * @typedef {import('./mic-state.js').MicState} MicState
 * @typedef {import('./problems.js').ProblemName} ProblemName
 *
 * @typedef {{resume: () => Promise<void>, stop: () => Promise<void>}} Microphone
 *
 * @typedef {object} Parts what tests replace
 * @property {(handlers: CaptureHandlers) => Promise<Microphone>} startCapture rejects with an
 *   error that has a `problem`
 * @property {() => Promise<import('../net/diagnose.js').Diagnosis>} diagnose
 * @property {import('../net/reconnecting-socket.js').Environment} environment
 *
 * @typedef {object} MicView
 * @property {(state: MicState) => void} showState
 * @property {(name: ProblemName | null, serverSays: string) => void} showProblem
 * @property {(message: ServerMessage) => void} showMessage
 * @property {(rms: number) => void} showLevel
 * @property {(closed: Closed | null) => void} showEnd
 */

/** Problems that a working connection ends. @type {ProblemName[]} */
const OF_CONNECTION = [
  'connection-lost', 'going-away', 'server-full', 'starting', 'refused', 'server-fault',
  'too-slow', 'wrong-origin',
];
/** An ack comes about once a second: ten seconds without a drop, and the network is well. */
const ACKS_OF_PEACE = 10;
/** The browser's code for a connection that just broke, as on a train: trying again says enough. */
const BROKEN = 1006;

export class MicSession {
  #target;
  #view;
  #parts;
  /** @type {MicState} */
  #state = 'idle';
  /** @type {Microphone | null} */
  #microphone = null;
  /** @type {CaptionSocket | null} */
  #socket = null;
  #muteWatch = new MuteWatch();
  #acksSinceDrop = 0;
  /** @type {Map<ProblemName, string>} with what the server said, the newest last */
  #problems = new Map();

  /**
   * @param {{url: string, protocols: string[], room: string, language: string | null}} target
   * @param {MicView} view
   * @param {Parts} parts
   */
  constructor(target, view, parts) {
    this.#target = target;
    this.#view = view;
    this.#parts = parts;
  }

  get state() {
    return this.#state;
  }

  /** Call it inside a click. */
  async start() {
    if (!this.#to('start')) return;
    this.#problems.clear();
    this.#showProblems();
    this.#muteWatch = new MuteWatch();
    const microphone = await this.#openMicrophone();
    if (microphone) await this.#captured(microphone);
  }

  /** Ends calmly: the last words are sent and their captions awaited. */
  async stop() {
    const socket = this.#socket;
    if (!this.#to('stop') || !socket) return;
    await this.#releaseMicrophone();
    const closed = await socket.stop();
    this.#socket = null;
    for (const name of OF_CONNECTION) this.#tell(name, false);
    this.#to('drained');
    this.#view.showEnd(closed);
  }

  /** Lets audio go on that the system had paused; call it inside a click. */
  async resume() {
    await this.#microphone?.resume();
  }

  /** @param {string | null} language from the next utterance on */
  setLanguage(language) {
    this.#target = { ...this.#target, language };
    this.#socket?.setLanguage(language);
  }

  /** The network is back: no need to wait for the next attempt. */
  retryNow() {
    if (this.#state === 'reconnecting') this.#socket?.open();
  }

  /** @returns {Promise<Microphone | null>} null when it is not to be had, which has been told */
  async #openMicrophone() {
    try {
      return await this.#parts.startCapture({
        onChunk: (chunk) => this.#heard(chunk),
        onEnded: () => this.#microphoneEnded(),
        onPaused: (isPaused) => this.#tell('audio-paused', isPaused),
      });
    } catch (error) {
      const { problem } = /** @type {{problem?: ProblemName}} */ (error);
      if (this.#to('capture-failed')) this.#tell(problem ?? 'audio-failed', true);
      // Without a name it is a mistake in this page: the console is to have it.
      if (!problem) throw error;
      return null;
    }
  }

  /** @param {Microphone} microphone */
  async #captured(microphone) {
    if (!this.#to('captured')) {
      await microphone.stop();
      return;
    }
    this.#microphone = microphone;
    this.#socket = new CaptionSocket(
      this.#target,
      {
        onMessage: (message) => this.#received(message),
        onLost: (loss) => this.#lost(loss),
        onDropped: () => this.#dropped(),
      },
      this.#parts.environment,
    );
    this.#socket.open();
  }

  /** @param {Chunk} chunk */
  #heard({ samples, rms }) {
    this.#socket?.sendAudio(samples);
    this.#view.showLevel(rms);
    this.#tell('muted', this.#muteWatch.push(rms));
  }

  /** @param {ServerMessage} message */
  #received(message) {
    if (message.type === 'ready') {
      this.#to('ready');
      for (const name of OF_CONNECTION) this.#tell(name, false);
    }
    if (message.type === 'ack') {
      this.#acksSinceDrop += 1;
      if (this.#acksSinceDrop === ACKS_OF_PEACE) this.#tell('audio-dropped', false);
    }
    this.#view.showMessage(message);
  }

  #dropped() {
    this.#acksSinceDrop = 0;
    this.#tell('audio-dropped', true);
  }

  /** @param {Loss} loss */
  #lost(loss) {
    const serverSays = loss.error?.message ?? '';
    if (!loss.willRetry) {
      if (this.#state === 'finishing') return;
      this.#socket = null;
      this.#to('refused');
      this.#tell(problemOfLoss(loss), true, serverSays);
      void this.#releaseMicrophone();
      return;
    }
    this.#to('lost');
    if (!loss.opened) void this.#explainRefusal();
    else if (loss.code !== BROKEN) this.#tell(problemOfLoss(loss), true, serverSays);
  }

  async #explainRefusal() {
    const name = problemOfDiagnosis(await this.#parts.diagnose());
    if (this.#state !== 'reconnecting') return;
    for (const other of OF_CONNECTION) if (other !== name) this.#tell(other, false);
    this.#tell(name, true);
  }

  #microphoneEnded() {
    this.#tell('audio-stopped', true);
    void this.stop();
  }

  async #releaseMicrophone() {
    const microphone = this.#microphone;
    this.#microphone = null;
    await microphone?.stop();
    this.#view.showLevel(0);
    this.#tell('muted', false);
    this.#tell('audio-paused', false);
  }

  /** @param {import('./mic-state.js').MicEvent} event @returns {boolean} whether it had an effect */
  #to(event) {
    const state = nextState(this.#state, event);
    if (state === this.#state) return false;
    this.#state = state;
    this.#view.showState(state);
    return true;
  }

  /** @param {ProblemName} name @param {boolean} isPresent @param {string} [serverSays] */
  #tell(name, isPresent, serverSays = '') {
    if (this.#problems.has(name) === isPresent) return;
    if (isPresent) this.#problems.set(name, serverSays);
    else this.#problems.delete(name);
    this.#showProblems();
  }

  #showProblems() {
    const newest = [...this.#problems].at(-1);
    this.#view.showProblem(newest?.[0] ?? null, newest?.[1] ?? '');
  }
}
