// @ts-check
/**
 * Where OBS's WebSocket server is and how to get in: kept in this browser, never in an address that
 * is copied and shown. Only this machine is spoken to, because OBS runs where the page does.
 */
import { keepStored, readStored } from '../page/stored.js';

const STORED_NAME = 'overlay-obs';
const USUAL_PORT = 4455;
const LONGEST_PASSWORD = 256;

/** @typedef {{port: number, password: string}} ObsSettings */

/** @param {unknown} value @returns {number} */
function portOf(value) {
  const port = Number(value);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : USUAL_PORT;
}

/** @returns {ObsSettings} */
export function readObsSettings() {
  try {
    const kept = JSON.parse(readStored(STORED_NAME) ?? '{}');
    const password = typeof kept.password === 'string' ? kept.password.slice(0, LONGEST_PASSWORD) : '';
    return { port: portOf(kept.port), password };
  } catch {
    return { port: USUAL_PORT, password: '' };
  }
}

/** @param {ObsSettings} settings @returns {boolean} whether this browser keeps them */
export function keepObsSettings({ port, password }) {
  return keepStored(STORED_NAME, JSON.stringify({ port: portOf(port), password }));
}

/** @param {ObsSettings} settings @returns {string} */
export function obsAddress({ port }) {
  return `ws://127.0.0.1:${port}`;
}
