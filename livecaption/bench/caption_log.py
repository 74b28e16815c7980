"""What one stream's reader saw, and when: the common form for our server and every other.

A caption is a row of *segments* (our utterances; other servers' lines), each of which grows by
committed words and shows a tail that may change. Seconds count from the moment sample 0 was
spoken. Pure: no clock, no socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["CaptionLog", "LoggedWord", "Segment", "Tail"]


@dataclass(frozen=True, slots=True)
class LoggedWord:
    """One committed word."""

    text: str
    arrived: float


@dataclass(frozen=True, slots=True)
class Tail:
    """Words shown behind the committed ones from ``arrived`` on."""

    arrived: float
    committed: int
    """How many words of the segment were committed then."""
    words: tuple[str, ...]


@dataclass(slots=True)
class Segment:
    """One stretch of caption."""

    words: list[LoggedWord] = field(default_factory=list)
    tails: list[Tail] = field(default_factory=list)
    closed: float | None = None
    """When it was said to be complete."""


@dataclass(slots=True)
class CaptionLog:
    """Everything that came back on one stream."""

    segments: dict[int, Segment] = field(default_factory=dict)
    """By a number that grows in the order of speech."""
    lags: list[tuple[float, float]] = field(default_factory=list)
    """(when, seconds) as the server itself reported its lag."""
    rewritten: int = 0
    """Committed words that were changed or taken back afterwards."""
    lost_s: float = 0.0
    """Audio that the server said will never be captioned."""
    gap_s: float = 0.0
    """Of that, what was named in gaps."""
    received_s: float = 0.0
    """Audio the server says it received."""
    accounted_s: float = 0.0
    """Of that, what it says it captioned, found silent, or declared lost in gaps."""
    problem: str | None = None
    """One sentence, when the stream did not end as it should."""
    ended: float | None = None
    """When the server said that all captions are out."""
    late_s: list[float] = field(default_factory=list)
    """How late each block of audio was sent: the client's own fault."""

    def segment(self, number: int) -> Segment:
        """Return a segment, opening it if needed."""
        return self.segments.setdefault(number, Segment())

    def commit(self, number: int, words: Sequence[str], now: float) -> None:
        """Append committed words; the tail of the segment is gone with that."""
        segment = self.segment(number)
        segment.words += [LoggedWord(word, now) for word in words]

    def show(self, number: int, words: Sequence[str], now: float) -> None:
        """Replace the tail of a segment."""
        segment = self.segment(number)
        segment.tails.append(Tail(now, len(segment.words), tuple(words)))

    def retract(self, number: int, keep: int) -> None:
        """Take back the committed words of a segment behind the first ``keep``."""
        segment = self.segment(number)
        self.rewritten += len(segment.words) - keep
        del segment.words[keep:]

    def close(self, number: int, now: float) -> None:
        """Say that a segment is complete."""
        self.segment(number).closed = now

    @property
    def words(self) -> list[LoggedWord]:
        """All committed words, in the order of speech."""
        return [word for _, segment in sorted(self.segments.items()) for word in segment.words]

    @property
    def text(self) -> str:
        """The committed text."""
        return " ".join(word.text for word in self.words)
