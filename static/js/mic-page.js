// @ts-check
/** Entry of the mic page: joins elements and modules, and does nothing else. */
import { Capture } from './audio/capture.js';
import { languageOfPage, setInterfaceLanguage } from './i18n/i18n.js';
import { DEFAULT_ROOM, roomFromQuery, socketFor } from './net/address.js';
import { diagnose } from './net/diagnose.js';
import { BROWSER } from './net/reconnecting-socket.js';
import { nameLanguages } from './page/languages.js';
import { find, MicElements, write } from './page/mic-elements.js';
import { MicSession } from './page/mic-session.js';

setInterfaceLanguage(languageOfPage());

const toggle = find('toggle', HTMLButtonElement);
const language = find('language', HTMLSelectElement);

nameLanguages(language);
const room = roomFromQuery(location);
const elements = new MicElements(room ?? DEFAULT_ROOM);
const session = new MicSession(
  {
    ...socketFor(location, '/ws/publish'),
    room: room ?? DEFAULT_ROOM,
    language: language.value || null,
  },
  elements,
  { startCapture: (handlers) => Capture.start(handlers), diagnose, environment: BROWSER },
);

write('room', room ?? '–');
write('server', location.host);
toggle.disabled = room === null;
if (room === null) elements.showProblem('bad-room', '');
else if (!window.isSecureContext) elements.showProblem('insecure-context', '');

toggle.addEventListener('click', () => {
  if (session.state === 'idle') void session.start();
  else void session.stop();
});
find('resume', HTMLButtonElement).addEventListener('click', () => void session.resume());
language.addEventListener('change', () => session.setLanguage(language.value || null));
window.addEventListener('online', () => session.retryNow());
