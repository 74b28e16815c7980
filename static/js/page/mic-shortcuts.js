// @ts-check
/**
 * Keyboard shortcuts, all with Alt: a captioning page is where somebody may dictate, and bare letters
 * would be pressed by speaking (WCAG 2.1.4).
 */

/**
 * @param {{altKey: boolean, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean, key: string,
 *   code: string}} event
 * @returns {string | null} the letter pressed with Alt, in lower case; null for anything else
 */
export function altLetter({ altKey, ctrlKey, metaKey, shiftKey, key, code }) {
  if (!altKey || ctrlKey || metaKey || shiftKey) return null;
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  // macOS writes "µ" for Alt+M, and a Cyrillic keyboard has no Latin letters: the key's place counts.
  return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : null;
}

/** @param {EventTarget | null} target @returns {boolean} whether letters are typed into it */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches('textarea, select, input:not([type="checkbox"], [type="radio"], [type="range"])');
}

/** @param {Record<string, () => void>} actions by letter */
export function onAltLetters(actions) {
  document.addEventListener('keydown', (event) => {
    const letter = event.repeat || isTyping(event.target) ? null : altLetter(event);
    if (letter === null || !Object.hasOwn(actions, letter)) return;
    event.preventDefault();
    actions[letter]();
  });
}
