// @ts-check
/** What can keep sound from being captured, by name; the page has the words for it. */

/**
 * @typedef {"insecure-context" | "unsupported-browser" | "no-permission" | "no-device" |
 *   "device-gone" | "device-busy" | "no-shared-audio" | "share-cancelled" | "bad-file" |
 *   "audio-failed"} CaptureProblem
 */

export class CaptureError extends Error {
  /** @param {CaptureProblem} problem @param {unknown} [cause] */
  constructor(problem, cause) {
    super(problem, { cause });
    this.problem = problem;
  }
}

/**
 * @param {unknown} error
 * @param {Record<string, CaptureProblem>} problems by the name of the browser's DOMException
 * @returns {CaptureError}
 */
export function captureError(error, problems) {
  if (error instanceof CaptureError) return error;
  const name = error instanceof DOMException ? error.name : '';
  return new CaptureError(Object.hasOwn(problems, name) ? problems[name] : 'audio-failed', error);
}
