// @ts-check
/**
 * What OBS tells a page that runs inside it. Other programs that show pages tell nothing, and are
 * treated like any browser.
 */

/** How long a source may be out of sight before the page leaves the room. */
const PATIENCE_MS = 5000;

/** @returns {boolean} whether this page is a browser source of OBS, or of one of its kin */
export function isInsideObs() {
  return 'obsstudio' in globalThis;
}

/**
 * @param {{leave: () => void, comeBack: () => void}} room left when the source has been out of sight
 *   for a while, so that nobody is sent captions that nobody sees
 * @param {EventTarget} [obs]
 */
export function followVisibility({ leave, comeBack }, obs = window) {
  let timer = 0;
  let isAway = false;
  obs.addEventListener('obsSourceVisibleChanged', (event) => {
    clearTimeout(timer);
    const { visible } = /** @type {CustomEvent} */ (event).detail;
    if (visible && isAway) comeBack();
    else if (!visible && !isAway) timer = setTimeout(() => ((isAway = true), leave()), PATIENCE_MS);
    if (visible) isAway = false;
  });
}
