"""WhisperLiveKit: all lines again and again, and a buffer that is not validated yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.peers.environment import Installation
from bench.peers.mirror import TextMirror
from bench.peers.peer import Peer
from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.dialect import Message
from livecaption.core.audio import Samples

__all__ = ["PEER", "WhisperLiveKitDialect"]

_SILENCE = -2
"""Its "speaker" of a line that stands for silence."""


@dataclass
class WhisperLiveKitDialect:
    """Full mode, 16-bit PCM."""

    ready: bool = False
    done: bool = False
    path: str = "/asr?language=en&mode=full"
    subprotocols: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    mirror: TextMirror = field(default_factory=TextMirror)

    def hello(self) -> list[Message]:
        return []

    def audio(self, samples: Samples) -> Message:
        return samples.tobytes()

    def goodbye(self) -> list[Message]:
        return [b""]

    def receive(self, message: Message, log: CaptionLog, now: float) -> None:
        said = json.loads(message)
        if said.get("type") == "config":
            self.ready = True
        elif said.get("type") == "ready_to_stop":
            self.mirror.commit_tail(log, now)
            self.done = True
            log.ended = now
        elif said.get("type") == "error" or said.get("status") == "error":
            log.problem = str(said.get("error"))
        elif "lines" in said:
            lines = [line for line in said["lines"] if line.get("speaker") != _SILENCE]
            committed = [word for line in lines for word in (line.get("text") or "").split()]
            tail = (said.get("buffer_transcription") or "").split()
            log.lags.append((now, float(said.get("remaining_time_transcription") or 0.0)))
            self.mirror.update(log, committed, tail, now)

    def hung_up(self, log: CaptionLog, now: float) -> None:
        log.problem = log.problem or "the server closed without ready_to_stop"


PEER = Peer(
    name="whisperlivekit",
    title="WhisperLiveKit 0.2.26, LocalAgreement",
    installation=Installation("whisperlivekit", packages=("whisperlivekit==0.2.26",)),
    server="whisperlivekit_server.py",
    new_dialect=lambda _: WhisperLiveKitDialect(),
    settings="faster-whisper backend, LocalAgreement policy, raw PCM, VAC on, otherwise its "
    "defaults (min_chunk_size 0.1 s, buffer trimmed by segments at 15 s)",
)
