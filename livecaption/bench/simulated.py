"""One stream in simulated time: a real model, but a clock that only audio moves.

Every request is decoded for real; its result reaches the session a fixed time later on the audio
clock, so the outcome does not depend on the machine. With no time at all these are *ideal* delays:
what the policy itself waits for. SimulEval separates them from computation-aware delays, which
are what ``load_run`` measures, in the same way.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from livecaption.bench.caption_log import CaptionLog
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.captions import CaptionEvent, Delta, Final, Gap, Partial, SessionClosed
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.session import CaptionSession
from livecaption.detect.webrtc import new_detector
from livecaption.engine.base import Transcriber

__all__ = ["SimulatedRun", "play_simulated"]

_CHUNK = SAMPLE_RATE // 10


@dataclass(slots=True)
class SimulatedRun:
    """What one session over one recording came to."""

    log: CaptionLog
    engine_s: float = 0.0
    """Processor time of decoding."""
    requests: int = 0


def play_simulated(
    engine: Transcriber, audio: Samples, config: SessionConfig, *, decode_s: float = 0.0
) -> SimulatedRun:
    """Run one session over a recording.

    Args:
        engine: decodes.
        audio: int16 at 16 kHz.
        config: of the session.
        decode_s: audio time that passes until a result is there.
    """
    player = _Player(engine, CaptionSession(config, new_detector()), int(decode_s * SAMPLE_RATE))
    for at in range(0, len(audio), _CHUNK):
        player.session.receive_audio(audio[at : at + _CHUNK])
        player.advance(player.session.received)
    player.session.receive_eof("stop")
    player.finish()
    engine.forget(config.session)
    return player.run


class _Player:
    def __init__(self, engine: Transcriber, session: CaptionSession, latency: int) -> None:
        self.session = session
        self.run = SimulatedRun(CaptionLog())
        self._engine = engine
        self._latency = latency
        self._waiting: list[tuple[int, DecodeResult]] = []

    def advance(self, now: int) -> None:
        """Take what the session wants decoded and give it what is due at ``now``."""
        self._drain(now)
        while self._waiting and self._waiting[0][0] <= now:
            self.session.receive_result(self._waiting.pop(0)[1])
            self._drain(now)

    def finish(self) -> None:
        """Give the session all that is missing."""
        now = self.session.received
        self._drain(now)
        while self._waiting:
            due, result = self._waiting.pop(0)
            now = max(now, due)
            self.session.receive_result(result)
            self._drain(now)

    def _drain(self, now: int) -> None:
        for event in self.session.events_to_publish():
            _enter(self.run.log, event, now / SAMPLE_RATE)
        for request in self.session.requests_to_decode():
            self._waiting.append((now + self._latency, self._decode(request)))

    def _decode(self, request: DecodeRequest) -> DecodeResult:
        began = time.process_time()
        (result,) = self._engine.transcribe([self._engine.prepare(request)])
        self.run.engine_s += time.process_time() - began
        self.run.requests += 1
        return result


def _enter(log: CaptionLog, event: CaptionEvent, now: float) -> None:
    match event:
        case Delta():
            log.commit(event.utterance, [word.text.strip() for word in event.words], now)
        case Partial():
            log.show(event.utterance, event.text.split(), now)
        case Final():
            log.close(event.utterance, now)
        case Gap():
            log.lost_s += (event.stop - event.start) / SAMPLE_RATE
        case SessionClosed():
            log.ended = now
        case _:
            pass
