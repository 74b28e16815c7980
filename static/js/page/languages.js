// @ts-check
/** Languages under the names that the reader's own browser gives them. */

/** @param {string} code BCP 47 or Whisper's code @returns {string} the code itself if nameless */
export function languageName(code) {
  try {
    return new Intl.DisplayNames(undefined, { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** @param {HTMLSelectElement} select options whose value is a code get that language's own name */
export function nameLanguages(select) {
  for (const option of select.options) {
    if (!option.value) continue;
    option.lang = option.value;
    option.textContent = new Intl.DisplayNames(option.value, { type: 'language' })
      .of(option.value) ?? option.value;
  }
}
