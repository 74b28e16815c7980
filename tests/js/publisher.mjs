/** A `CaptionSocket` on a pretended network, and a voice whose samples count up. */
import { CaptionSocket } from '../../static/js/net/caption-socket.js';
import { FakeNetwork, ready } from './fake-network.mjs';

export const CHUNK = 1600;

const SPEECH = { language: 'en', vocabulary: [], speaker: null };

/** @param {object} [options] of the socket */
export function publisher(options = {}) {
  const network = new FakeNetwork();
  const log = { messages: [], losses: [], dropped: 0 };
  const open = (more) => {
    const made = new CaptionSocket(
      {
        url: 'ws://host/ws/publish', protocols: ['livecaption.v1'], room: 'main', speech: SPEECH,
        ...more,
      },
      {
        onMessage: (message) => log.messages.push(message),
        onLost: (loss) => log.losses.push(loss),
        onDropped: (samples) => (log.dropped = samples),
      },
      network.environment,
    );
    made.open();
    return made;
  };
  let socket = open(options);
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
  /** Lets time pass at a server that says every 100 ms that it is there. @param {number} ms */
  const live = (ms) => {
    for (let passed = 0; passed < ms; passed += 100) {
      network.pass(100);
      network.last.say({ type: 'status', lag: 0, hop: 0.5, queue: 0 });
    }
  };
  /** The page is loaded anew: only the checkpoint is left of the old socket. */
  const reload = () => {
    const { checkpoint } = socket;
    socket.abandon();
    socket = open({ checkpoint });
  };
  return { network, log, socket, speak, goLive, live, reload };
}

/** @param {number} from @param {number} to */
export const counting = (from, to) => Array.from({ length: to - from }, (_, i) => (from + i) % 32768);
