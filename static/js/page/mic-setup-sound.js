// @ts-check
/**
 * The choice of sound: a microphone and where it is, what a tab plays, or a file; and a trial of the
 * microphone before anything is sent. It must not know what a session does with the sound.
 */
import { meterPosition } from '../audio/level.js';
import { listMicrophones, onDevicesChange } from '../audio/microphone.js';
import { PRESETS } from '../audio/presets.js';
import { canShareSound } from '../audio/shared-sound.js';
import { t } from '../i18n/i18n.js';
import { element } from './element.js';
import { choices, section } from './mic-fields.js';
import { problemNamed } from './problems.js';

/**
 * @typedef {import('../audio/stream-sound.js').Sound} Sound
 * @typedef {import('./mic-settings.js').MicSettings} MicSettings
 * @typedef {import('./mic-setup.js').SetupHandlers} SetupHandlers
 */

/** What a browser may do to a microphone's sound. */
const TREATMENTS = ['echoCancellation', 'noiseSuppression', 'autoGainControl'];

export class SetupSound {
  root;
  #handlers;
  #settings;
  #isLive = false;
  /** @type {Sound | null} */
  #sound = null;
  /** @type {import('./mic-sound.js').Captured | null} */
  #trial = null;
  #device = element('select', { id: 'device', autocomplete: 'off' });
  #deviceNote = element('p', { class: 'note', 'data-i18n': 'mic.device.unnamed' });
  #try = element('button', { type: 'button', class: 'quiet-button', id: 'try' });
  #tryMeter = element('div', {
    class: 'meter', role: 'meter', 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': '0',
    'data-i18n-attr': 'aria-label:mic.level', hidden: true,
  });
  #trySaid = element('p', { class: 'note is-wrong', role: 'status' });
  #applied = element('p', { class: 'note', id: 'applied' });
  #file = element('input', { type: 'file', id: 'file', accept: 'audio/*,video/*' });
  #aloud = element('input', { type: 'checkbox', id: 'aloud' });
  #use = element('button', { type: 'button', class: 'quiet-button', id: 'use', hidden: true, 'data-i18n': 'mic.use' });
  /** @type {Record<string, HTMLElement>} what belongs to each kind of sound */
  #parts;

  /** @param {MicSettings} settings @param {SetupHandlers} handlers */
  constructor(settings, handlers) {
    this.#settings = settings;
    this.#handlers = handlers;
    this.#parts = { microphone: this.#microphoneFields(), shared: sharedFields(), file: this.#fileFields() };
    const kinds = Object.keys(this.#parts).filter((kind) => kind !== 'shared' || canShareSound());
    this.root = section(
      'mic.sound',
      choices('kind', (kind) => `mic.kind.${kind}`, kinds, settings.kind, (kind) =>
        this.#choose({ kind: /** @type {any} */ (kind) })),
      ...kinds.map((kind) => this.#parts[kind]),
      this.#use,
    );
    this.#use.addEventListener('click', () => handlers.onUse());
    if (!kinds.includes('shared')) this.root.append(element('p', { class: 'note', 'data-i18n': 'mic.shared.where' }));
    onDevicesChange(() => void this.#listDevices());
    this.#showKind(settings.kind);
    this.relabel();
  }

  /** The dialog is open: what it says is to be of today. */
  opened() {
    void this.#listDevices();
  }

  /** Start was pressed before a file was chosen. */
  askForFile() {
    this.#file.focus();
  }

  /** Words that are composed, in the present language. */
  relabel() {
    this.#try.textContent = t(this.#trial ? 'mic.try.stop' : 'mic.try');
    this.#showApplied();
    void this.#listDevices();
  }

  /** @param {boolean} isLive */
  showLive(isLive) {
    this.#isLive = isLive;
    this.#try.hidden = isLive;
    this.#showUse();
    if (isLive) void this.stopTrial();
  }

  /** @param {Sound | null} sound what is being captured now */
  showSound(sound) {
    this.#sound = sound;
    this.#showApplied();
    this.#showUse();
    // Only now may the browser tell the devices' names.
    if (sound) void this.#listDevices();
  }

  /** Lets the microphone of the trial go. */
  async stopTrial() {
    const trial = this.#trial;
    this.#trial = null;
    this.#tryMeter.hidden = true;
    this.#try.textContent = t('mic.try');
    await trial?.stop();
    if (trial) this.showSound(null);
  }

  async #startTrial() {
    this.#trySaid.textContent = '';
    try {
      this.#trial = await this.#handlers.startTrial({
        onChunk: ({ rms }) => {
          const position = meterPosition(rms);
          this.#tryMeter.style.setProperty('--level', position.toFixed(3));
          this.#tryMeter.setAttribute('aria-valuenow', String(Math.round(position * 100)));
        },
        onEnded: () => void this.stopTrial(),
        onPaused: () => {},
      });
    } catch (error) {
      const { problem } = /** @type {{problem?: import('./problems.js').ProblemName}} */ (error);
      this.#trySaid.textContent = problemNamed(problem ?? 'audio-failed', location).title;
      return;
    }
    this.#tryMeter.hidden = false;
    this.#try.textContent = t('mic.try.stop');
    this.showSound(this.#trial.sound);
  }

  #microphoneFields() {
    this.#device.addEventListener('change', () => this.#choose({ deviceId: this.#device.value }));
    this.#try.addEventListener('click', () => void (this.#trial ? this.stopTrial() : this.#startTrial()));
    const presets = Object.keys(PRESETS);
    const keyOf = (/** @type {string} */ name) => `mic.preset.${name}`;
    const preset = choices('preset', keyOf, presets, this.#settings.preset, (name) =>
      this.#choose({ preset: /** @type {any} */ (name) }));
    return element(
      'div', { class: 'setup-part' },
      element(
        'div', { class: 'field' },
        element('label', { for: 'device', class: 'field-name', 'data-i18n': 'mic.device' }),
        this.#device,
        this.#deviceNote,
      ),
      section('mic.preset', preset, element('p', { class: 'note', id: 'preset-note' }), this.#applied),
      element('div', { class: 'trial' }, this.#try, this.#tryMeter, this.#trySaid),
    );
  }

  #fileFields() {
    this.#file.addEventListener('change', () => {
      this.#handlers.onFile(this.#file.files?.[0] ?? null);
      this.#showUse();
    });
    this.#aloud.checked = this.#settings.isAloud;
    this.#aloud.addEventListener('change', () => this.#choose({ isAloud: this.#aloud.checked }));
    return element(
      'div', { class: 'setup-part' },
      element(
        'div', { class: 'field' },
        element('label', { for: 'file', class: 'field-name', 'data-i18n': 'mic.file' }),
        this.#file,
        element('p', { class: 'note', 'data-i18n': 'mic.file.note' }),
      ),
      element(
        'div', { class: 'switch' },
        this.#aloud, element('label', { for: 'aloud', 'data-i18n': 'mic.file.aloud' }),
      ),
    );
  }

  /** @param {Partial<MicSettings>} changes */
  #choose(changes) {
    this.#settings = { ...this.#settings, ...changes };
    if (changes.kind) this.#showKind(changes.kind);
    this.#showApplied();
    this.#showUse();
    this.#handlers.onChange(changes);
    if (this.#trial) void this.stopTrial().then(() => this.#startTrial());
  }

  /** @param {string} kind */
  #showKind(kind) {
    for (const [name, part] of Object.entries(this.#parts)) part.hidden = name !== kind;
    if (kind !== 'microphone') void this.stopTrial();
  }

  /** Another kind of sound is taken only when asked for: it may stop the one that is heard now. */
  #showUse() {
    const { kind } = this.#settings;
    const isOther = kind !== this.#sound?.kind || kind === 'file';
    this.#use.hidden = !this.#isLive || !isOther || (kind === 'file' && !this.#file.files?.length);
  }

  /** The preset's reason, and what the browser made of it. */
  #showApplied() {
    const note = this.root?.querySelector('#preset-note');
    const { preset } = this.#settings;
    if (note) note.textContent = t(`mic.preset.${preset}.note`);
    const applied = this.#sound?.kind === 'microphone' ? this.#sound.settings : null;
    const known = TREATMENTS.filter((name) => typeof applied?.[name] === 'boolean');
    const list = known.map((name) => t(applied?.[name] ? `mic.applied.${name}.on` : `mic.applied.${name}.off`));
    this.#applied.textContent = list.length > 0 ? t('mic.applied', { list: list.join(', ') }) : '';
  }

  async #listDevices() {
    const devices = await listMicrophones();
    const { deviceId } = this.#settings;
    const isMissing = deviceId !== '' && !devices.some(({ id }) => id === deviceId);
    const option = (/** @type {string} */ value, /** @type {string} */ name) => element('option', { value }, name);
    this.#device.replaceChildren(
      option('', t('mic.device.default')),
      ...devices.map(({ id, label }) => option(id, label)),
      // Not among the named ones yet, or not plugged in: it stays the choice all the same.
      ...(isMissing ? [option(deviceId, t(devices.length > 0 ? 'mic.device.missing' : 'mic.device.chosen'))] : []),
    );
    this.#device.value = deviceId;
    this.#deviceNote.hidden = devices.length > 0;
  }
}

function sharedFields() {
  return element('p', { class: 'note', 'data-i18n': 'mic.shared.note' });
}
