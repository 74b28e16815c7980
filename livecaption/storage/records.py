"""What is written down and read back, as data.

Messages are kept as the JSON text that a room's watchers got; this package never looks into caption
text beyond turning finals into a ``Transcript``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from livecaption.core.checkpoint import Checkpoint

__all__ = [
    "RoomSummary",
    "RoomTail",
    "SessionEnded",
    "SessionOpened",
    "SessionProgress",
    "StoredEvent",
    "StoredSession",
    "Write",
]


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A publisher has begun."""

    session: str
    room: str
    token_hash: bytes
    started_at: float
    """Wall-clock time of sample 0, seconds since the epoch."""
    start: str
    """The client's ``start`` message, JSON."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One numbered event of a room."""

    room: str
    offset: int
    session: str
    seq: int
    kind: str
    at: float
    """Wall-clock time at which it was made, seconds since the epoch."""
    message: str
    """The ``RoomMessage``, JSON."""


@dataclass(frozen=True, slots=True)
class SessionProgress:
    """How far a session's audio is settled."""

    session: str
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Nothing of this session follows."""

    session: str
    at: float
    reason: str


Write: TypeAlias = SessionOpened | StoredEvent | SessionProgress | SessionEnded


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session that may go on."""

    id: str
    room: str
    token_hash: bytes
    started_at: float
    start: str
    checkpoint: Checkpoint
    """As last written; ``seq`` may be behind ``events``."""
    events: tuple[StoredEvent, ...]
    """The last numbered events, oldest first."""


@dataclass(frozen=True, slots=True)
class RoomTail:
    """What a room needs to remember when it opens again."""

    offset: int
    """Of the last event; 0 when there was none."""
    finals: tuple[str, ...]
    """Messages of the last finals that have text, oldest first."""
    events: tuple[tuple[int, str], ...]
    """Offset and message of the last events, oldest first."""


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room that has a transcript."""

    room: str
    first_at: float
    last_at: float
    finals: int
    offset: int
