"""What differs between servers: addresses, messages, and what they mean.

A dialect is one stream's conversation without its socket: bytes and texts go in, lines for the
``CaptionLog`` come out. The pacing, the clock and the arithmetic are the same for every server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from livecaption.bench.caption_log import CaptionLog
from livecaption.core.audio import Samples
from livecaption.protocol.limits import SUBPROTOCOL

__all__ = ["Dialect", "LiveCaptionDialect", "Message"]

Message = str | bytes


class Dialect(Protocol):
    """One stream's side of a conversation."""

    @property
    def path(self) -> str:
        """Path and query of the socket."""

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """What to offer; empty for none."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What else to send with the handshake."""

    @property
    def ready(self) -> bool:
        """Whether audio may be sent."""

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""

    def hello(self) -> list[Message]:
        """What to send first."""

    def audio(self, samples: Samples) -> Message:
        """Encode int16 audio at 16 kHz."""

    def goodbye(self) -> list[Message]:
        """What to send after the last audio."""

    def receive(self, message: Message, log: CaptionLog, now: float) -> None:
        """Enter what a message says; ``now`` in seconds since sample 0 was spoken."""

    def hung_up(self, log: CaptionLog, now: float) -> None:
        """Learn that the server closed the socket without an error."""


@dataclass(slots=True)
class LiveCaptionDialect:
    """Ours."""

    room: str
    language: str | None = "en"
    ready: bool = False
    done: bool = False
    path: str = "/ws/publish"
    subprotocols: tuple[str, ...] = (SUBPROTOCOL,)
    key: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """See ``Dialect``."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    def hello(self) -> list[Message]:
        """See ``Dialect``."""
        return [json.dumps({"type": "start", "room": self.room, "language": self.language})]

    def audio(self, samples: Samples) -> Message:
        """See ``Dialect``."""
        return samples.tobytes()

    def goodbye(self) -> list[Message]:
        """See ``Dialect``."""
        return ['{"type":"stop"}']

    def receive(self, message: Message, log: CaptionLog, now: float) -> None:
        """See ``Dialect``."""
        said: dict[str, Any] = json.loads(message)
        match said["type"]:
            case "delta":
                words = [word["text"].strip() for word in said["words"]]
                log.commit(said["utterance"], words, now)
            case "partial":
                log.show(said["utterance"], said["text"].split(), now)
            case "final":
                log.close(said["utterance"], now)
            case "status":
                log.lags.append((now, said["lag"]))
            case "ready":
                self.ready = True
            case _:
                self._take_bad_news(said, log, now)

    def hung_up(self, log: CaptionLog, now: float) -> None:
        """See ``Dialect``: ours says ``closed`` before it does."""

    def _take_bad_news(self, said: dict[str, Any], log: CaptionLog, now: float) -> None:
        match said["type"]:
            case "gap":
                log.gap_s += said["to"] - said["from"]
                log.lost_s = max(log.lost_s, log.gap_s)
            case "error" if said["fatal"]:
                log.problem = said["message"]
            case "closed":
                self.done = True
                log.ended = now
                log.lost_s = max(log.lost_s, said["lost_s"])
                log.received_s = said["audio_s"]
                log.accounted_s = said["captioned_s"] + said["silent_s"] + log.gap_s
                if said["reason"] != "stop":
                    reason = f"the server ended the session: {said['reason']}"
                    log.problem = log.problem or reason
            case _:
                pass
