"""What a room's transcript holds, as data: closed utterances and what was lost between them.

Times are seconds on the audio clock of the session they belong to; ``started_at`` places that
clock in the world. This module must not know where a transcript is kept or how it is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from livecaption.core.subtitles import TimedWord

__all__ = ["Transcript", "TranscriptGap", "TranscriptLine"]


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One closed utterance of one speaker."""

    session: str
    speaker: str | None
    utterance: int
    offset: int
    """Room offset of its final: the order in which the room read it."""
    text: str
    language: str | None
    started_at: float
    """Wall-clock time of the session's sample 0, seconds since the epoch."""
    start: float
    end: float
    words: tuple[TimedWord, ...]
    """Each with its leading space where the text has one: concatenated they give ``text``."""


@dataclass(frozen=True, slots=True)
class TranscriptGap:
    """Audio of one session that was never captioned."""

    session: str
    speaker: str | None
    offset: int
    started_at: float
    start: float
    end: float
    reason: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was said in a room, in the order in which it was read."""

    room: str
    entries: tuple[TranscriptLine | TranscriptGap, ...]

    @property
    def lines(self) -> tuple[TranscriptLine, ...]:
        """The utterances alone."""
        return tuple(entry for entry in self.entries if isinstance(entry, TranscriptLine))
