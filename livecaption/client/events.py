"""What a session shows to the program that publishes: the server's messages, and our own news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from livecaption.protocol.server_messages import (
    Ack,
    Closed,
    DeltaMessage,
    ErrorMessage,
    FinalizedMessage,
    FinalMessage,
    GapMessage,
    PartialMessage,
    Ready,
    Status,
    UtteranceStartedMessage,
)

__all__ = ["NumberedEvent", "Reconnecting", "SessionEvent", "Withdrawn"]


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The connection is gone or was refused; another attempt follows, and more after it.

    It comes once for each reason, not for each attempt.
    """

    reason: str
    delay: float
    """Seconds until the attempt."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An open utterance is void: the server was killed before it had stored it.

    Forget its deltas and its tail. Its audio is captioned again, under this number or another.
    """

    utterance: int


NumberedEvent: TypeAlias = UtteranceStartedMessage | DeltaMessage | FinalMessage | GapMessage
"""Events that arrive exactly once, also over a reconnect."""

SessionEvent: TypeAlias = (
    NumberedEvent
    | PartialMessage
    | Ready
    | Ack
    | Status
    | ErrorMessage
    | FinalizedMessage
    | Closed
    | Reconnecting
    | Withdrawn
)
