/** Repeatable randomness: a failing test prints its seed and fails again with it. */

/** @param {number} seed a positive whole number @returns {() => number} uniform, 0 ≤ x < 1 */
export function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** @param {() => number} random @param {number} least @param {number} most @returns {number} */
export function wholeBetween(random, least, most) {
  return least + Math.floor(random() * (most - least + 1));
}
