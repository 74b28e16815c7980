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

/** @param {string} name @returns {boolean} whether a room can have that name */
export function isRoomName(name) {
  return ROOM.test(name);
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
  return { url: url.href, protocols: offeredProtocols(tokenOf({ href })) };
}

/** @param {Address} address @returns {string | null} the publisher's token that it carries */
export function tokenOf({ href }) {
  const token = new URLSearchParams(new URL(href).hash.slice(1)).get('token') ?? '';
  return TOKEN.test(token) ? token : null;
}

/** @param {Address} address @returns {string} the same page where the microphone is allowed */
export function secureTwin({ href }) {
  const url = new URL(href);
  url.protocol = 'https:';
  return url.href;
}

/**
 * @param {Address} address of the mic page
 * @returns {boolean} whether nobody but this computer can open it
 */
export function isOwnMachine({ href }) {
  const { hostname } = new URL(href);
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** @param {Address} address @param {string} room @returns {string} the audience's page */
export function viewerAddress({ href }, room) {
  return new URL(`/watch/${room}`, href).href;
}

/** @param {Address} address @param {string} room @returns {string} for OBS */
export function overlayAddress({ href }, room) {
  return new URL(`/overlay/${room}`, href).href;
}

/**
 * Behind a proxy the server does not know by which address it is reached; the page does.
 *
 * @param {Address} address
 * @param {string} room
 * @returns {string} the picture of the viewer page's address
 */
export function qrAddress({ href }, room) {
  return `/v1/rooms/${room}/qr.svg?origin=${encodeURIComponent(new URL(href).origin)}`;
}

/**
 * @param {Address} address
 * @param {string} room
 * @returns {string} the mic page of another room, with all else as it is, the token included
 */
export function roomAddress({ href }, room) {
  const url = new URL(href);
  url.searchParams.set('room', room);
  return url.href;
}
