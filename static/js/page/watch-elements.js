// @ts-check
/** The viewer page's own elements: state and connection in plain words. It decides nothing. */
import { t } from '../i18n/i18n.js';
import { ScreenWakeLock } from './wake-lock.js';
import { AWAKE } from './watch-state.js';

/**
 * @typedef {import('./watch-state.js').WatchState} WatchState
 * @typedef {import('./watch-state.js').Ending} Ending
 * @typedef {import('./watch-state.js').Reason} Reason
 */

/** @param {string} id @param {string} text */
function write(id, text) {
  const place = /** @type {HTMLElement} */ (document.getElementById(id));
  // Writing the same words again would make a screen reader say them again.
  if (place.textContent !== text) place.textContent = text;
  place.hidden = text === '';
}

export class WatchElements {
  #wakeLock = new ScreenWakeLock();

  /** @param {string} room */
  showRoom(room) {
    write('room', room);
    document.title = t('watch.title', { room });
  }

  /** @param {WatchState} state @param {Reason | null} reason why it is not connected */
  showState(state, reason) {
    document.body.dataset.state = state;
    write('status', t(`watch.${state}.status`));
    write('headline', t(`watch.${state}.headline`));
    write('welcome-note', state === 'lost' && reason ? t(`watch.because.${reason}`) : t(`watch.${state}.note`));
    this.#wakeLock.set(AWAKE.has(state));
  }

  /** @param {Ending | null} ending */
  showEnding(ending) {
    const problem = /** @type {HTMLElement} */ (document.getElementById('problem'));
    problem.hidden = ending === null;
    if (ending === null) return;
    write('problem-title', t(`watch.ending.${ending}.title`));
    write('problem-advice', t(`watch.ending.${ending}.advice`));
  }
}
