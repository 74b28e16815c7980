"""Words and stretches of text with their times, as decoders give them and writers take them."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Segment", "TimedWord"]


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word; times in seconds."""

    text: str
    """As the decoder wrote it, with its leading space where the language has one."""
    start: float
    end: float
    probability: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text; times in seconds from the start of the recording."""

    start: float
    end: float
    text: str
    """As the decoder wrote it, leading space included where the language has one."""
    words: tuple[TimedWord, ...] = field(default=(), kw_only=True)
    """Empty unless word times were asked for."""
