// @ts-check
/** Entry of the mic page: joins elements and modules, and does nothing else. */
import { openMicrophone } from './audio/microphone.js';
import { Capture } from './audio/capture.js';
import { captureChosen } from './audio/sounds.js';
import { NO_CAPTIONS } from './caption/caption-model.js';
import { languageOfPage, onInterfaceLanguage, setInterfaceLanguage, t } from './i18n/i18n.js';
import { DEFAULT_ROOM, roomAddress, roomFromQuery, socketFor } from './net/address.js';
import { Access } from './net/access.js';
import { diagnose } from './net/diagnose.js';
import { BROWSER } from './net/reconnecting-socket.js';
import { ViewerLink } from './net/viewer-link.js';
import { find, write } from './page/dom.js';
import { nameLanguages } from './page/languages.js';
import { MicElements } from './page/mic-elements.js';
import { KeyDialog } from './page/mic-key.js';
import { SessionKeeper } from './page/mic-keep.js';
import { onLeaving, onReturning } from './page/mic-lifecycle.js';
import { MicRecovery } from './page/mic-recovery.js';
import { MicSession } from './page/mic-session.js';
import { KeptMicSettings, speechOf } from './page/mic-settings.js';
import { MicSetup } from './page/mic-setup.js';
import { MicShare } from './page/mic-share.js';
import { onAltLetters } from './page/mic-shortcuts.js';
import { mountReading } from './read/reading.js';

setInterfaceLanguage(languageOfPage());

const named = roomFromQuery(location);
const room = named ?? DEFAULT_ROOM;
const settings = new KeptMicSettings();
const keeper = new SessionKeeper(room);
const toggle = find('toggle', HTMLButtonElement);
const language = find('language', HTMLSelectElement);
/** @type {File | null} */
let file = null;

const choice = () => {
  const { kind, deviceId, preset, isAloud } = settings.current;
  return { kind, deviceId, preset, isAloud, file };
};
const describeSource = () => {
  const { kind } = settings.current;
  write('source', kind === 'file' && file ? file.name : t(`mic.kind.${kind}`));
};

const setup = new MicSetup(settings.current, room, {
  onChange: (changes) => {
    settings.change(changes);
    describeSource();
    const { vocabulary, speaker } = speechOf(settings.current);
    if ('vocabulary' in changes) session.configure({ vocabulary, speaker });
    if ('deviceId' in changes || 'preset' in changes) void session.changeSound(choice());
  },
  onFile: (chosen) => {
    file = chosen;
    describeSource();
  },
  onUse: () => void session.changeSound(choice()),
  startTrial: (handlers) => Capture.start(() => openMicrophone(settings.current), handlers),
  addressOf: (other) => roomAddress(location, other),
});
const target = socketFor(location, '/ws/publish');
const access = new Access(room, target.protocols);
const links = new ViewerLink(location, room, access);
const share = new MicShare(location, room, access, links);
const key = new KeyDialog(access, () => void start());
document.body.append(setup.root, share.root, key.root);

const reading = mountReading({
  captions: find('captions', HTMLElement),
  tools: find('reading-tools', HTMLElement),
  bar: find('reading-bar', HTMLElement),
  home: toggle,
  room,
  viewerUrl: async () => (await links.addresses()).viewer,
  transcriptUrl: `/v1/rooms/${room}/transcript`,
  credentials: () => access.headers,
});
const elements = new MicElements({
  onLayout: () => reading.layoutChanged(),
  onMessage: (message) => {
    setup.showMessage(message);
    reading.show(message);
  },
  onSound: (sound) => setup.sound.showSound(sound),
  onState: (state) => {
    setup.showLive(state !== 'idle');
    if (state === 'idle') keep();
  },
});
const session = new MicSession(
  {
    url: target.url,
    protocols: (wasRefused) => access.protocols(wasRefused),
    room,
    speech: speechOf(settings.current),
  },
  elements,
  { startCapture: captureChosen, diagnose, environment: BROWSER },
);
const recovery = new MicRecovery({
  onAnew: () => keep(),
  onClear: () => {
    reading.restore(NO_CAPTIONS);
    keeper.forget();
  },
  onChange: () => elements.showContinue(recovery.checkpoint !== null),
});

/** Notes what a reload would need; a session that may still be gone on with stays noted. */
function keep() {
  const { captions } = reading;
  if (captions.lines.length === 0 && !session.checkpoint) return;
  if (recovery.checkpoint) return;
  keeper.keep({ captions, checkpoint: session.checkpoint, keptAt: Date.now() });
}

async function start() {
  if (settings.current.kind === 'file' && !file) {
    setup.open();
    setup.sound.askForFile();
    return;
  }
  if (access.isLocked) {
    key.open();
    return;
  }
  const { checkpoint } = recovery;
  await session.start(choice(), checkpoint);
  // Without a microphone it has not gone on: the offer stands.
  if (session.state !== 'idle') recovery.dismiss();
}

write('room', named ?? '–');
find('room', HTMLElement).title = named ?? '';
write('server', location.host);
describeSource();
onInterfaceLanguage(describeSource);
nameLanguages(language);
language.value = settings.current.language;
if (language.selectedIndex < 0) language.value = '';
find('share-open', HTMLButtonElement).disabled = named === null;
toggle.disabled = named === null;
if (named === null) elements.showProblem('bad-room', '');
else void access.look();
if (named !== null && !window.isSecureContext) elements.showProblem('insecure-context', '');

const kept = keeper.read();
if (kept) {
  reading.restore(kept.captions);
  recovery.offer(kept, Date.now());
}

toggle.addEventListener('click', () => void (session.state === 'idle' ? start() : session.stop()));
const mute = () => session.setMuted(!session.hold.isMuted);
const pause = () => void session.setPaused(!session.hold.isPaused);
find('mute', HTMLButtonElement).addEventListener('click', mute);
find('pause', HTMLButtonElement).addEventListener('click', pause);
onAltLetters({
  m: () => find('mute', HTMLButtonElement).disabled || mute(),
  p: () => find('pause', HTMLButtonElement).disabled || pause(),
});
find('setup-open', HTMLButtonElement).addEventListener('click', () => setup.open());
find('share-open', HTMLButtonElement).addEventListener('click', () => share.open());
find('problem-act', HTMLButtonElement).addEventListener('click', ({ currentTarget }) => {
  const { action } = /** @type {HTMLElement} */ (currentTarget).dataset;
  if (action === 'resume') void session.resume();
  else if (action === 'key') key.open();
  else if (action === 'reopen') void session.changeSound({ ...choice(), deviceId: '' });
  else setup.open();
});
language.addEventListener('change', () => {
  settings.change({ language: language.value });
  session.configure({ language: speechOf(settings.current).language });
});

setInterval(() => {
  if (session.state !== 'idle') keep();
}, 2000);
onLeaving({ keep, isBusy: () => session.state !== 'idle' });
onReturning({
  check: () => session.networkChanged(),
  regain: () => {
    if (session.state !== 'idle' && !session.hold.hasSound) void session.changeSound(choice());
  },
});
