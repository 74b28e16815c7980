"""Caption events: frozen, in a closed union; the session emits nothing else.

Promises (``docs/protocol/guide.md`` states them for clients):

- ``Delta`` is append-only: committed words, sent once, never changed.
- ``Partial`` replaces the tail that follows the deltas of its utterance. A delta also clears
  the tail shown before it; the partial that belongs behind it follows at once.
- ``Final`` closes the utterance; the concatenated delta texts equal its text exactly.
- Numbered events (``Numbered``) carry ``seq``, +1 each; the others are advisory.

All times are absolute sample indexes at 16 kHz; the codec turns them into seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from livecaption.core.hypothesis import Word

__all__ = [
    "CaptionEvent",
    "Delta",
    "Final",
    "Finalized",
    "Gap",
    "GapReason",
    "Numbered",
    "Partial",
    "SessionClosed",
    "UtteranceStarted",
]


class GapReason(StrEnum):
    """Why audio was lost."""

    OVERLOAD = "overload"
    ENGINE_ERROR = "engine_error"
    NOT_RESUMED = "not_resumed"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class UtteranceStarted:
    """The first words of an utterance are about to follow."""

    seq: int
    utterance: int
    start: int
    speaker: str | None = None
    """Who says it, as the client named them when it opened."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Words committed just now, in order, never repeated."""

    seq: int
    utterance: int
    text: str
    """Append this to the utterance's text as it is; leading space included where needed."""
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """The tail that may still change."""

    utterance: int
    revision: int
    """Counts partials within the utterance, from 1."""
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Final:
    """The utterance is closed; nothing about it follows."""

    seq: int
    utterance: int
    text: str
    start: int
    stop: int
    language: str | None
    speaker: str | None
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio in [start, stop) that will never be captioned."""

    seq: int
    start: int
    stop: int
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Finalized:
    """Everything before a client's ``finalize`` has been published."""


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The last event of a session; ``captioned + silent + lost == received``, in samples."""

    reason: str
    received: int
    captioned: int
    silent: int
    lost: int


Numbered = UtteranceStarted | Delta | Final | Gap
CaptionEvent = Numbered | Partial | Finalized | SessionClosed
