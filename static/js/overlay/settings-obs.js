// @ts-check
/** The fields for stream captions: where OBS's WebSocket server is, its password, how it stands. */
import { t } from '../i18n/i18n.js';
import { element } from '../page/element.js';
import { keepObsSettings, readObsSettings } from './obs-settings.js';

/**
 * @param {import('./obs-outlet.js').ObsOutlet} outlet
 * @returns {Node[]} fields that go behind the switch
 */
export function obsFields(outlet) {
  const { port, password } = readObsSettings();
  const portField = element('input', {
    id: 'obs-port', type: 'number', min: '1', max: '65535', value: String(port),
  });
  const passwordField = element('input', {
    id: 'obs-password', type: 'password', autocomplete: 'off', value: password,
  });
  const state = element('p', { class: 'said', role: 'status' });
  for (const field of [portField, passwordField]) {
    field.addEventListener('change', () => {
      keepObsSettings({ port: Number(portField.value), password: passwordField.value });
      outlet.restart();
    });
  }
  outlet.watch((now) => {
    state.textContent = now === null ? '' : t(`overlay.obs.${now}`);
  });
  return [
    element('p', { class: 'hint' }, t('overlay.obs.hint')),
    field('obs-port', t('overlay.obs.port'), portField),
    field('obs-password', t('overlay.obs.password'), passwordField),
    state,
  ];
}

/** @param {string} id @param {string} name @param {HTMLInputElement} control */
function field(id, name, control) {
  return element('div', { class: 'field' }, element('label', { for: id }, name), control);
}
