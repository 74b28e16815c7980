// @ts-check
/**
 * The microphone: permission, audio context, worklet, and everything that can end them.
 *
 * It must not know about sockets or the page; what goes wrong has a name (`CaptureError.problem`)
 * that the page puts into words.
 */

/**
 * @typedef {import('./chunker.js').Chunk} Chunk
 * @typedef {"insecure-context" | "unsupported-browser" | "no-permission" | "no-device" |
 *   "device-busy" | "audio-failed"} CaptureProblem
 *
 * @typedef {object} CaptureHandlers
 * @property {(chunk: Chunk) => void} onChunk 100 ms of audio; the last one may be shorter
 * @property {() => void} onEnded the microphone was taken away; nothing more will come
 * @property {(paused: boolean) => void} onPaused the system has stopped the audio, or lets it go on
 */

/** How long the audio thread gets to hand over its last chunk. */
const FLUSH_TIMEOUT_MS = 500;

/** Echo is worth cancelling; denoising makes recognition worse, so it stays off. */
const CONSTRAINTS = {
  audio: {
    channelCount: 1,
    echoCancellation: true,
    noiseSuppression: false,
    autoGainControl: true,
  },
};

/** @type {Record<string, CaptureProblem>} the DOMException names of getUserMedia */
const PROBLEMS = {
  NotAllowedError: 'no-permission',
  SecurityError: 'no-permission',
  NotFoundError: 'no-device',
  OverconstrainedError: 'no-device',
  NotReadableError: 'device-busy',
  AbortError: 'device-busy',
};

export class CaptureError extends Error {
  /** @param {CaptureProblem} problem @param {unknown} [cause] */
  constructor(problem, cause) {
    super(problem, { cause });
    this.problem = problem;
  }
}

export class Capture {
  #context;
  #stream;
  #node;
  #handlers;
  #isStopping = false;

  /**
   * Call it inside a click: a context made outside one stays silent in Safari and Chrome.
   *
   * @param {CaptureHandlers} handlers
   * @returns {Promise<Capture>}
   * @throws {CaptureError}
   */
  static async start(handlers) {
    if (!window.isSecureContext) throw new CaptureError('insecure-context');
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
      throw new CaptureError('unsupported-browser');
    }
    // At the device's own rate: Firefox refuses a microphone on a context with any other.
    const context = new AudioContext({ latencyHint: 'interactive' });
    const worklet = context.audioWorklet.addModule(new URL('./capture-worklet.js', import.meta.url));
    const [stream, ...others] = await Promise.allSettled([microphone(), worklet, context.resume()]);
    const failed = [stream, ...others].find(({ status }) => status === 'rejected');
    if (stream.status === 'fulfilled' && !failed) {
      return new Capture(context, stream.value, handlers);
    }
    if (stream.status === 'fulfilled') release(stream.value);
    await context.close();
    const reason = /** @type {PromiseRejectedResult} */ (failed).reason;
    throw reason instanceof CaptureError ? reason : new CaptureError('audio-failed', reason);
  }

  /**
   * @param {AudioContext} context
   * @param {MediaStream} stream
   * @param {CaptureHandlers} handlers
   */
  constructor(context, stream, handlers) {
    this.#context = context;
    this.#stream = stream;
    this.#handlers = handlers;
    this.#node = new AudioWorkletNode(context, 'livecaption-capture', { channelCountMode: 'max' });
    this.#node.port.onmessage = ({ data }) => {
      if (data.type === 'chunk') handlers.onChunk(data);
    };
    this.#node.onprocessorerror = () => this.#ended();
    // The node plays silence; connected, it is driven in every browser.
    context.createMediaStreamSource(stream).connect(this.#node).connect(context.destination);
    for (const track of stream.getAudioTracks()) track.onended = () => this.#ended();
    context.onstatechange = () => this.#stateChanged();
  }

  /** Continues after the system paused the audio; call it inside a click. */
  async resume() {
    await this.#context.resume();
  }

  /** Hands over the last chunk and lets the microphone go. */
  async stop() {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#flush();
    release(this.#stream);
    await this.#context.close();
  }

  /** Waits for the chunk that the audio thread is still filling. */
  async #flush() {
    const { port } = this.#node;
    /** @type {Promise<void>} */
    const flushed = new Promise((resolve) => {
      port.onmessage = ({ data }) => {
        if (data.type === 'chunk') this.#handlers.onChunk(data);
        else resolve();
      };
      setTimeout(resolve, FLUSH_TIMEOUT_MS);
    });
    port.postMessage({ type: 'flush' });
    await flushed;
  }

  #ended() {
    if (!this.#isStopping) this.#handlers.onEnded();
  }

  #stateChanged() {
    if (this.#isStopping) return;
    // "interrupted" is what iOS says during a call; elsewhere it is "suspended".
    this.#handlers.onPaused(this.#context.state !== 'running');
  }
}

/** @param {MediaStream} stream its microphone light goes out */
function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** @returns {Promise<MediaStream>} */
async function microphone() {
  try {
    return await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    throw new CaptureError(Object.hasOwn(PROBLEMS, name) ? PROBLEMS[name] : 'audio-failed', error);
  }
}
