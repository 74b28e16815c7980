// @ts-check
/** What a reader is told where captions are missing, in the language of the interface. */
import { t } from '../i18n/i18n.js';

/** A gap shorter than it can be written is one whose length nobody knows. */
const SHORTEST_S = 0.05;

const REASONS = new Set(['overload', 'engine_error', 'not_resumed', 'client']);

/**
 * @param {{seconds: number | null, reason: string}} gap
 * @returns {string} one sentence
 */
export function gapWords({ seconds, reason }) {
  const why = REASONS.has(reason) ? t(`gap.because.${reason}`) : '';
  if (seconds === null || seconds < SHORTEST_S) return t('gap.unknown', { why });
  return t('gap.seconds', { seconds: Number(seconds.toFixed(seconds < 10 ? 1 : 0)), why });
}
