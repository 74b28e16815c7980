// @ts-check
/** What a reader is told where captions are missing. */

/** A gap shorter than it can be written is one whose length nobody knows. */
const SHORTEST_S = 0.05;

/** @type {Record<string, string>} */
const REASONS = {
  overload: 'the server could not keep up',
  engine_error: 'the speech model failed',
  not_resumed: 'the connection was lost',
  client: 'no audio came from the microphone',
};

/**
 * @param {{seconds: number | null, reason: string}} gap
 * @returns {string} one sentence
 */
export function gapWords({ seconds, reason }) {
  const why = Object.hasOwn(REASONS, reason) ? `: ${REASONS[reason]}` : '';
  if (seconds === null || seconds < SHORTEST_S) return `Some words may be missing here${why}.`;
  const rounded = seconds < 10 ? seconds.toFixed(1) : Math.round(seconds).toString();
  return `${rounded} s were not captioned${why}.`;
}
