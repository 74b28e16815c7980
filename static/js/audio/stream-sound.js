// @ts-check
/**
 * Sound that arrives as a stream: a microphone's, or what a tab or the computer plays. It must not
 * know how the stream was asked for.
 */

/**
 * @typedef {object} Sound what can be captured
 * @property {"microphone" | "shared" | "file"} kind
 * @property {string} label the device's or the file's own name; may be ""
 * @property {MediaTrackSettings | null} settings what the browser really does to it
 * @property {(context: AudioContext, onEnded: (hasFinished: boolean) => void) => AudioNode} connect
 *   once; `onEnded` is called when nothing more will come: `hasFinished` when it was all there is
 * @property {() => Promise<void>} play lets it sound (again); called once it is connected
 * @property {() => void} pause
 * @property {() => void} release lets the device go
 * @property {(() => {position: number, duration: number}) | null} progress seconds
 */

/** @implements {Sound} */
export class StreamSound {
  progress = null;
  #stream;
  #track;

  /** @param {"microphone" | "shared"} kind @param {MediaStream} stream with an audio track */
  constructor(kind, stream) {
    this.kind = kind;
    this.#stream = stream;
    [this.#track] = stream.getAudioTracks();
  }

  get label() {
    return this.#track.label;
  }

  get settings() {
    return this.#track.getSettings();
  }

  /** @param {AudioContext} context @param {(hasFinished: boolean) => void} onEnded */
  connect(context, onEnded) {
    this.#track.onended = () => onEnded(false);
    return context.createMediaStreamSource(this.#stream);
  }

  async play() {
    this.#track.enabled = true;
  }

  /** The device stays ours, so that going on needs no permission; it gives only silence. */
  pause() {
    this.#track.enabled = false;
  }

  release() {
    this.#track.onended = null;
    for (const track of this.#stream.getTracks()) track.stop();
  }
}
