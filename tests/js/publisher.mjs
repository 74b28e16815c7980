/** A `CaptionSocket` on a pretended network, and a voice whose samples count up. */
import { CaptionSocket } from '../../static/js/net/caption-socket.js';
import { FakeNetwork, ready } from './fake-network.mjs';

export const CHUNK = 1600;

export function publisher() {
  const network = new FakeNetwork();
  const log = { messages: [], losses: [], dropped: 0 };
  const socket = new CaptionSocket(
    { url: 'ws://host/ws/publish', protocols: ['livecaption.v1'], room: 'main', language: 'en' },
    {
      onMessage: (message) => log.messages.push(message),
      onLost: (loss) => log.losses.push(loss),
      onDropped: (samples) => (log.dropped = samples),
    },
    network.environment,
  );
  let next = 0;
  /** Sends `count` chunks whose samples count up. */
  const speak = (count) => {
    for (let i = 0; i < count; i += 1) {
      socket.sendAudio(Int16Array.from({ length: CHUNK }, () => next++ % 32768));
    }
  };
  const goLive = (changes) => {
    network.last.accept();
    network.last.say(ready(changes));
  };
  socket.open();
  return { network, log, socket, speak, goLive };
}

/** @param {number} from @param {number} to */
export const counting = (from, to) => Array.from({ length: to - from }, (_, i) => (from + i) % 32768);
