// @ts-check
/**
 * What a browser does to a page with a running session: reload and close it, freeze it, hide it on a
 * phone, move it to another network. It must not know the session.
 */

/** @param {{keep: () => void, isBusy: () => boolean}} page */
export function onLeaving({ keep, isBusy }) {
  window.addEventListener('beforeunload', (event) => {
    if (isBusy()) event.preventDefault();
  });
  // Phones end a hidden page without asking or telling.
  window.addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keep();
  });
}

/**
 * @param {object} page
 * @param {() => void} page.check the connection may be dead, or may now be had
 * @param {() => void} page.regain a phone may have taken the microphone away while the page was
 *   hidden, and gives it back without being asked
 */
export function onReturning({ check, regain }) {
  window.addEventListener('online', check);
  const { connection } = /** @type {{connection?: EventTarget}} */ (navigator);
  connection?.addEventListener?.('change', check);
  // Back from the cache of whole pages, or from being frozen.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) check();
  });
  document.addEventListener('resume', check);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    check();
    regain();
  });
}
