// @ts-check
/**
 * The only script that runs before a page is drawn, as a classic one in its head: whoever chose dark
 * colours for a dark hall must not be blinded by a white page first. `appearance.js` does the rest.
 */
(() => {
  try {
    const { theme } = JSON.parse(localStorage.getItem('livecaption.reading') ?? '{}') ?? {};
    const isName = typeof theme === 'string' && /^[a-z]{1,20}$/.test(theme);
    if (isName) document.documentElement.dataset.theme = theme;
  } catch {
    // No storage, or something else in it: the page follows the system.
  }
})();
