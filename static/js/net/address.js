// @ts-check
/**
 * What a page's own address says: which room, which options, which token. Everything in an address
 * may come from a stranger, so each value is checked against a list or a range.
 *
 * A token travels in the fragment (`#token=…`), which browsers never send to a server or a log.
 */
import { offeredProtocols } from './protocol.js';

const ROOM = /^[A-Za-z0-9_-]{1,64}$/;
/** The characters that a subprotocol name may hold. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,1024}$/;
export const DEFAULT_ROOM = 'main';

/** @typedef {{href: string}} Address a Location or a URL */

/** @param {string | null} name @returns {string | null} null when no room can have that name */
function checkedRoom(name) {
  if (name === null || name === '') return DEFAULT_ROOM;
  return ROOM.test(name) ? name : null;
}

/** @param {Address} address of the mic page @returns {string | null} null when it is no room name */
export function roomFromQuery({ href }) {
  return checkedRoom(new URL(href).searchParams.get('room'));
}

/** @param {Address} address `/overlay/NAME` @returns {string | null} null when it is no room name */
export function roomFromPath({ href }) {
  return checkedRoom(new URL(href).pathname.split('/')[2] ?? null);
}

/**
 * @param {Address} address
 * @param {string} name
 * @param {{least: number, most: number, usual: number}} range
 * @returns {number} the parameter, drawn into its range; `usual` when absent or not a number
 */
export function numberFromQuery({ href }, name, { least, most, usual }) {
  const text = new URL(href).searchParams.get(name);
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? usual : Math.max(least, Math.min(most, value));
}

/**
 * @param {Address} address
 * @param {string} pathAndQuery of the socket
 * @returns {{url: string, protocols: string[]}} what to open
 */
export function socketFor({ href }, pathAndQuery) {
  const page = new URL(href);
  const url = new URL(pathAndQuery, page);
  url.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  const token = new URLSearchParams(page.hash.slice(1)).get('token') ?? '';
  return { url: url.href, protocols: offeredProtocols(TOKEN.test(token) ? token : null) };
}

/** @param {Address} address @returns {string} the same page where the microphone is allowed */
export function secureTwin({ href }) {
  const url = new URL(href);
  url.protocol = 'https:';
  return url.href;
}
