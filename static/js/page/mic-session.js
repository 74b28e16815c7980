// @ts-check
/**
 * One person being captioned: the sound, the server and what the page says about both.
 *
 * It joins `MicSound` and `CaptionSocket` by the table in `mic-state.js`, and decides which problem
 * is worth telling. It must not know the page's elements: it reports to a `MicView`.
 */
import { CaptionSocket } from '../net/caption-socket.js';
import { MicSound } from './mic-sound.js';
import { nextState } from './mic-state.js';
import { OF_CONNECTION, OF_SOUND, problemOfDiagnosis, problemOfLoss } from './problems.js';

/**
 * @typedef {import('../audio/sounds.js').SoundChoice} SoundChoice
 * @typedef {import('../net/caption-socket.js').Checkpoint} Checkpoint
 * @typedef {import('../net/protocol.js').ServerMessage} ServerMessage
 * @typedef {import('../net/protocol.js').Closed} Closed
 * @typedef {import('../net/protocol.js').Speech} Speech
 * @typedef {import('../net/protocol.js').SpeechChanges} SpeechChanges
 * @typedef {import('../net/reconnecting-socket.js').Loss} Loss
 * @typedef {import('./mic-delay.js').Hold} Hold
 * @typedef {import('./mic-sound.js').Captured} Captured
 * @typedef {import('./mic-state.js').MicState} MicState
 * @typedef {import('./problems.js').ProblemName} ProblemName
 *
 * @typedef {object} Parts what tests replace
 * @property {import('./mic-sound.js').StartCapture} startCapture
 * @property {() => Promise<import('../net/diagnose.js').Diagnosis>} diagnose
 * @property {import('../net/reconnecting-socket.js').Environment} environment
 *
 * @typedef {object} MicView
 * @property {(state: MicState, hold: Hold) => void} showState
 * @property {(name: ProblemName | null, serverSays: string) => void} showProblem
 * @property {(message: ServerMessage) => void} showMessage
 * @property {(rms: number, unsent: number) => void} showLevel `unsent` seconds wait to be sent
 * @property {(sound: import('../audio/stream-sound.js').Sound | null) => void} showSound
 * @property {(closed: Closed | null) => void} showEnd
 */

/** An ack comes about once a second: ten seconds without a drop, and the network is well. */
const ACKS_OF_PEACE = 10;
/** The browser's code for a connection that just broke, as on a train: trying again says enough. */
const BROKEN = 1006;

export class MicSession {
  #target;
  #view;
  #parts;
  #sound;
  /** @type {MicState} */
  #state = 'idle';
  /** @type {CaptionSocket | null} */
  #socket = null;
  #acksSinceDrop = 0;
  /** @type {Map<ProblemName, string>} with what the server said, the newest last */
  #problems = new Map();

  /**
   * @param {{url: string, protocols: import('../net/reconnecting-socket.js').Protocols, room: string, speech: Speech}} target
   * @param {MicView} view
   * @param {Parts} parts
   */
  constructor(target, view, parts) {
    this.#target = target;
    this.#view = view;
    this.#parts = parts;
    this.#sound = new MicSound(parts.startCapture, {
      onChunk: ({ samples, rms }) => {
        this.#socket?.sendAudio(samples);
        this.#view.showLevel(rms, this.#socket?.unsentSeconds ?? 0);
      },
      onEnded: (hasFinished) => void this.#soundEnded(hasFinished),
      onSystemPause: (isPaused) => this.#tell('audio-paused', isPaused),
      onSilence: (isSilent) => this.#tell('muted', isSilent),
      onHold: (hold) => this.#view.showState(this.#state, hold),
    });
  }

  get state() {
    return this.#state;
  }

  get hold() {
    return this.#sound.hold;
  }

  /** @returns {Checkpoint | null} what it takes to go on after a reload */
  get checkpoint() {
    const isRepeatable = this.#sound.sound?.kind !== 'file' && this.#state !== 'finishing';
    return (isRepeatable && this.#socket?.checkpoint) || null;
  }

  /**
   * Call it inside a click.
   *
   * @param {SoundChoice} choice
   * @param {Checkpoint | null} [checkpoint] of the session to go on with
   */
  async start(choice, checkpoint = null) {
    if (!this.#to('start')) return;
    this.#problems.clear();
    this.#showProblems();
    this.#sound.reset();
    if (!(await this.#open(choice))) return;
    if (!this.#to('captured')) {
      await this.#silence();
      return;
    }
    this.#socket = new CaptionSocket(
      { ...this.#target, checkpoint },
      {
        onMessage: (message) => this.#received(message),
        onLost: (loss) => this.#lost(loss),
        onDropped: () => this.#dropped(),
      },
      this.#parts.environment,
    );
    this.#socket.open();
  }

  /** Ends calmly: the last words are sent and their captions awaited; called again, it ends at once. */
  async stop() {
    const socket = this.#socket;
    if (this.#state === 'finishing') socket?.abandon();
    if (!this.#to('stop') || !socket) return;
    await this.#silence();
    const closed = await socket.stop();
    this.#socket = null;
    for (const name of [...OF_CONNECTION, ...OF_SOUND]) this.#tell(name, false);
    this.#to('drained');
    this.#view.showEnd(closed);
  }

  /** @param {boolean} isMuted */
  setMuted(isMuted) {
    if (this.#socket) this.#sound.setMuted(isMuted);
  }

  /** Call it inside a click. @param {boolean} isPaused */
  async setPaused(isPaused) {
    if (!this.#socket) return;
    await this.#sound.setPaused(isPaused);
    if (isPaused) this.#socket?.finalize();
    this.#view.showLevel(0, this.#socket?.unsentSeconds ?? 0);
  }

  /** Lets audio go on that the system had paused; call it inside a click. */
  async resume() {
    await this.#sound.resume();
  }

  /**
   * Takes another sound, or the same one anew, within the session; call it inside a click.
   *
   * @param {SoundChoice} choice
   */
  async changeSound(choice) {
    if (!this.#socket || this.#state === 'finishing') return;
    await this.#sound.close();
    for (const name of OF_SOUND) this.#tell(name, false);
    if (!(await this.#open(choice))) this.#sound.lose();
    else if (!this.#socket) await this.#silence();
  }

  /** @param {SpeechChanges} changes from the next utterance on */
  configure(changes) {
    this.#target = { ...this.#target, speech: { ...this.#target.speech, ...changes } };
    this.#socket?.configure(changes);
  }

  /** The network is back or another one: no need to wait for the next attempt, or to trust the old. */
  networkChanged() {
    this.#socket?.check();
  }

  /** @param {SoundChoice} choice @returns {Promise<boolean>} false when it is not to be had, which was told */
  async #open(choice) {
    try {
      await this.#sound.open(choice);
      this.#view.showSound(this.#sound.sound);
      return true;
    } catch (error) {
      const { problem } = /** @type {{problem?: ProblemName}} */ (error);
      const wasStarting = this.#to('capture-failed');
      if (wasStarting || this.#socket) this.#tell(problem ?? 'audio-failed', true);
      // Without a name it is a mistake in this page: the console is to have it.
      if (!problem) throw error;
      return false;
    }
  }

  /** @param {boolean} hasFinished */
  async #soundEnded(hasFinished) {
    const kind = this.#sound.sound?.kind;
    if (kind !== 'microphone') {
      // The file is over, or whoever shared has stopped sharing: that is how these end.
      await this.stop();
      if (!hasFinished && kind === 'file') this.#tell('bad-file', true);
      return;
    }
    await this.#silence();
    this.#socket?.finalize();
    this.#sound.lose();
    this.#tell('microphone-gone', true);
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
      void this.#silence();
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

  /** Lets the sound go; what it had heard last is still sent. */
  async #silence() {
    await this.#sound.close();
    this.#view.showSound(null);
    this.#view.showLevel(0, 0);
  }

  /** @param {import('./mic-state.js').MicEvent} event @returns {boolean} whether it had an effect */
  #to(event) {
    const state = nextState(this.#state, event);
    if (state === this.#state) return false;
    this.#state = state;
    this.#view.showState(state, this.#sound.hold);
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
