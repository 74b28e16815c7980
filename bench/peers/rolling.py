"""The plain recipe: a rolling buffer of 30 s, 5 s of overlap, text de-duplicated as strings.

Nobody ships it under a name; many guides describe it. The server is ours (``servers/``), written
as well as the recipe allows, on nothing but ``faster_whisper.transcribe``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.peers.mirror import TextMirror
from bench.peers.peer import Peer
from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.dialect import Message
from livecaption.core.audio import Samples

__all__ = ["PEER", "RollingDialect"]


@dataclass
class RollingDialect:
    """JSON with the text that is settled and the text that is not."""

    ready: bool = False
    done: bool = False
    path: str = "/"
    subprotocols: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    mirror: TextMirror = field(default_factory=TextMirror)
    _committed: list[str] = field(default_factory=list)

    def hello(self) -> list[Message]:
        return []

    def audio(self, samples: Samples) -> Message:
        return samples.tobytes()

    def goodbye(self) -> list[Message]:
        return ["stop"]

    def receive(self, message: Message, log: CaptionLog, now: float) -> None:
        said = json.loads(message)
        if "ready" in said:
            self.ready = True
            return
        self._committed += said["committed"].split()
        self.mirror.update(log, self._committed, said["tail"].split(), now)
        if said.get("end"):
            self.done = True
            log.ended = now

    def hung_up(self, log: CaptionLog, now: float) -> None:
        log.problem = log.problem or "the server closed without its last words"


PEER = Peer(
    name="rolling-30s",
    title="rolling 30 s buffer, 5 s overlap, faster-whisper 1.2.1",
    installation=None,
    server="rolling_server.py",
    new_dialect=lambda _: RollingDialect(),
    settings="decodes the buffer every second (greedy, Silero filter); settles text at 1 s of "
    "silence or when the buffer is full; one shared model, decodes in turn",
)
