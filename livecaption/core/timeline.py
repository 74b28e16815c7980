"""One common time line for a transcript of several sessions.

Each session counts time from its own first sample. Here 0 is the first sample of the transcript's
first session, and everything else follows from the sessions' wall-clock starts. Sessions may
overlap. This module must not know formats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from livecaption.core.timed_text import Segment, TimedWord
from livecaption.core.transcript import Transcript, TranscriptGap, TranscriptLine

__all__ = ["Placed", "Timeline", "iso_time", "segment_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with its times on the common line, in seconds."""

    entry: TranscriptLine | TranscriptGap
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """A room's transcript in the order in which it was spoken."""

    room: str
    zero: float
    """Wall-clock time of 0, seconds since the epoch; 0.0 when nothing was said."""
    placed: tuple[Placed, ...]

    @classmethod
    def of(cls, transcript: Transcript) -> Timeline:
        """Put all entries on one line."""
        zero = min((entry.started_at for entry in transcript.entries), default=0.0)
        placed = [
            Placed(entry, *_span(entry, entry.started_at - zero)) for entry in transcript.entries
        ]
        placed.sort(key=lambda each: (each.start, each.entry.offset))
        return cls(transcript.room, zero, tuple(placed))

    def after(self, offset: int) -> Timeline:
        """Keep what the room read after a room offset; the times stay as they are."""
        later = tuple(each for each in self.placed if each.entry.offset > offset)
        return replace(self, placed=later)

    @property
    def lines(self) -> tuple[tuple[TranscriptLine, Placed], ...]:
        """The utterances alone."""
        return tuple(
            (each.entry, each) for each in self.placed if isinstance(each.entry, TranscriptLine)
        )

    @property
    def offset(self) -> int:
        """Room offset of the newest entry; 0 when there is none."""
        return max((each.entry.offset for each in self.placed), default=0)


def segment_of(line: TranscriptLine, shift: float) -> Segment:
    """Return a line as timed text, ``shift`` seconds later than on its session's clock."""
    words = tuple(
        TimedWord(word.text, word.start + shift, word.end + shift, word.probability)
        for word in line.words
    )
    start, end = _span(line, shift)
    return Segment(start, end, line.text, words=words)


def iso_time(epoch_s: float) -> str:
    """Write a wall-clock time as in ``2026-11-23T10:00:00.000Z``.

    Args:
        epoch_s: seconds since the epoch.
    """
    moment = _EPOCH + timedelta(milliseconds=round(epoch_s * 1000))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _span(entry: TranscriptLine | TranscriptGap, shift: float) -> tuple[float, float]:
    return entry.start + shift, max(entry.start, entry.end) + shift
