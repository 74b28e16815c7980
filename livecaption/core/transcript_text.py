"""A room's transcript as plain text for people: paragraphs, speakers, and gaps in words.

This module must not know where text goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from livecaption.core.lines import Break, break_after, clean, glue
from livecaption.core.timeline import Placed, Timeline
from livecaption.core.transcript import TranscriptGap, TranscriptLine
from livecaption.core.transcript_cues import voice_of

__all__ = ["TextOptions", "TextTimes", "gap_words", "transcript_text"]

_PARAGRAPH_CHARS = 600
"""A paragraph of this length ends with its sentence: about 40 seconds of speech."""
_SILENCE_S = 4.0
"""A pause of this length begins a new paragraph: a breath is shorter."""
_SHORTEST_GAP_S = 0.05
"""A gap shorter than it can be written is one whose length nobody knows."""
_REASONS = {
    "overload": "the server could not keep up",
    "engine_error": "the speech model failed",
    "not_resumed": "the connection was lost",
    "client": "the sound did not arrive in time",
}


class TextTimes(StrEnum):
    """What stands in front of a paragraph."""

    NONE = "none"
    ELAPSED = "elapsed"
    """Since the first sample of the transcript."""
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to write plain text."""

    times: TextTimes = TextTimes.NONE
    utc_offset_min: int = 0
    """Of the clock, minutes east of UTC."""


@dataclass(slots=True)
class _Paragraph:
    """Consecutive utterances of one speaker, or consecutive gaps of one reason."""

    first: Placed
    text: str = ""
    end: float = field(default=0.0)
    lost_s: float = 0.0

    def takes(self, placed: Placed) -> bool:
        """Whether another entry belongs to this paragraph."""
        first, entry = self.first.entry, placed.entry
        if isinstance(first, TranscriptGap) or isinstance(entry, TranscriptGap):
            both = isinstance(first, TranscriptGap) and isinstance(entry, TranscriptGap)
            return both and _key(first) == _key(entry)
        if _key(first) != _key(entry) or placed.start - self.end >= _SILENCE_S:
            return False
        is_full = len(self.text) >= _PARAGRAPH_CHARS
        return not (is_full and break_after(self.text) is Break.SENTENCE)

    def add(self, placed: Placed) -> None:
        """Append an entry."""
        self.end = max(self.end, placed.end)
        if isinstance(placed.entry, TranscriptLine):
            text = clean(placed.entry.text)
            self.text += glue(self.text, text) + text
        else:
            self.lost_s += placed.end - placed.start
            self.text = f"[{gap_words(self.lost_s, placed.entry.reason)}]"


def transcript_text(timeline: Timeline, options: TextOptions = TextOptions()) -> str:
    """Write paragraphs with an empty line between them; empty when nothing was said."""
    blocks: list[str] = []
    day = speaker = None
    for paragraph in _paragraphs(timeline):
        entry = paragraph.first.entry
        moment = _moment(timeline.zero + paragraph.first.start, options)
        if options.times is TextTimes.CLOCK and moment.date() != day:
            day = moment.date()
            blocks.append(f"{day.isoformat()} ({moment.tzname()})")
        name = clean(entry.speaker or "") if isinstance(entry, TranscriptLine) else ""
        label = f"{name}: " if name and name != speaker else ""
        if isinstance(entry, TranscriptLine):
            speaker = name
        time = _time(paragraph.first.start, moment, options.times)
        blocks.append(f"{time}{label}{paragraph.text}")
    return "\n\n".join(blocks) + "\n" if blocks else ""


def gap_words(seconds: float, reason: str) -> str:
    """Say in one sentence what is missing."""
    why = f": {_REASONS[reason]}" if reason in _REASONS else ""
    if seconds < _SHORTEST_GAP_S:
        return f"Some words may be missing here{why}."
    length = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
    return f"{length} s were not captioned{why}."


def _paragraphs(timeline: Timeline) -> Iterator[_Paragraph]:
    paragraph: _Paragraph | None = None
    for placed in timeline.placed:
        if isinstance(placed.entry, TranscriptLine) and not clean(placed.entry.text):
            continue
        if paragraph is None or not paragraph.takes(placed):
            if paragraph is not None:
                yield paragraph
            paragraph = _Paragraph(placed)
        paragraph.add(placed)
    if paragraph is not None:
        yield paragraph


def _key(entry: TranscriptLine | TranscriptGap) -> tuple[str, ...]:
    if isinstance(entry, TranscriptGap):
        return (entry.session, entry.reason)
    return voice_of(entry.speaker, entry.session)


def _moment(epoch_s: float, options: TextOptions) -> datetime:
    zone = timezone(timedelta(minutes=options.utc_offset_min)) if options.utc_offset_min else UTC
    return datetime.fromtimestamp(epoch_s, tz=zone)


def _time(start: float, moment: datetime, times: TextTimes) -> str:
    if times is TextTimes.NONE:
        return ""
    if times is TextTimes.CLOCK:
        return f"[{moment:%H:%M:%S}] "
    minutes, seconds = divmod(int(start), 60)
    hours, minutes = divmod(minutes, 60)
    return f"[{hours:02d}:{minutes:02d}:{seconds:02d}] "
