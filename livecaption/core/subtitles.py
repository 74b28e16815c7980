"""Timed text to plain text, SRT, WebVTT and JSON.

Segments of any length become cues that fit on a screen: at most two lines of at most 42 columns,
about equally long, with the times of a long segment shared out among its cues. Wide characters
(Chinese, Japanese, Korean) count as two columns and may be divided anywhere.

This module must not know where segments come from, and writes no files.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "LINES_PER_CUE",
    "LINE_COLUMNS",
    "Cue",
    "Segment",
    "TimedWord",
    "cues",
    "timestamp",
    "to_json",
    "to_srt",
    "to_txt",
    "to_vtt",
]

LINE_COLUMNS = 42
"""Columns of a line: what broadcasters and streaming services ask for."""
LINES_PER_CUE = 2

_PAUSES = frozenset(".,;:!?…、。，．！？；：")
_CLOSING = frozenset(".,;:!?…、。，．！？；：)]}»”’」』）】》〉ー")
_RAGGED_COST = 60
"""Added to a break in the middle of a phrase: worth about eight columns of imbalance."""


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


@dataclass(frozen=True, slots=True)
class Cue:
    """What is on the screen at one time; times in milliseconds."""

    start: int
    end: int
    """Always after ``start``."""
    lines: tuple[str, ...]
    """One or two, none of them empty."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """The least part of a text that a line break must not divide."""

    text: str
    columns: int
    after_space: bool

    @property
    def advance(self) -> int:
        """Columns it adds to a line that is not empty."""
        return self.columns + self.after_space


# -- writers ------------------------------------------------------------------------------------


def to_txt(segments: Sequence[Segment]) -> str:
    """One line for each segment."""
    return "".join(f"{text}\n" for segment in segments if (text := _clean(segment.text)))


def to_srt(segments: Sequence[Segment]) -> str:
    """SubRip. Empty when there are no words.

    The format has no escapes; an arrow that would read as a time line loses a dash.
    """
    blocks = []
    for number, cue in enumerate(cues(segments), start=1):
        text = "\n".join(cue.lines).replace("-->", "->")
        times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def to_vtt(segments: Sequence[Segment]) -> str:
    """WebVTT, valid also when there are no words."""
    blocks = ["WEBVTT\n"]
    for cue in cues(segments):
        text = _escape_vtt("\n".join(cue.lines))
        blocks.append(f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def to_json(
    segments: Sequence[Segment],
    *,
    language: str | None,
    language_probability: float,
    duration: float,
) -> dict[str, Any]:
    """Return what ``json.dumps`` takes; times in seconds, 3 decimals; words where there are any."""
    return {
        "language": language,
        "language_probability": round(language_probability, 3),
        "duration": round(duration, 3),
        "text": "".join(segment.text for segment in segments).strip(),
        "segments": [_segment_json(segment) for segment in segments],
    }


def timestamp(seconds: float, decimal_mark: str = ".") -> str:
    """Format as ``HH:MM:SS.mmm``, rounded to the millisecond; hours may need more digits.

    Raises:
        ValueError: negative, infinite or not a number.
    """
    return _clock(_milliseconds(seconds), decimal_mark)


def cues(segments: Sequence[Segment]) -> list[Cue]:
    """Divide segments into cues that fit the screen; the starts of cues never go back."""
    result: list[Cue] = []
    shown = 0
    for segment in segments:
        lines = _lines(_clean(segment.text))
        for first in range(0, len(lines), LINES_PER_CUE):
            before = sum(map(_letters, lines[:first]))
            group = lines[first : first + LINES_PER_CUE]
            letters = sum(map(_letters, group))
            start, end = _span(segment, before, letters, sum(map(_letters, lines)))
            shown = max(shown, _milliseconds(start))
            result.append(Cue(shown, max(shown + 1, _milliseconds(end)), tuple(group)))
    return result


# -- times --------------------------------------------------------------------------------------


def _milliseconds(seconds: float) -> int:
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{seconds} is no time on a recording's clock")
    return math.floor(seconds * 1000 + 0.5)


def _clock(milliseconds: int, decimal_mark: str) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, fraction = divmod(rest, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{decimal_mark}{fraction:03d}"


def _span(segment: Segment, before: int, letters: int, total: int) -> tuple[float, float]:
    """Find the times of ``letters`` letters after the first ``before`` of ``total``, in seconds.

    Words give them exactly; without words speech is taken to be even.
    """
    if letters == total:
        return segment.start, segment.end
    owners = [word for word in segment.words for _ in range(_letters(_clean(word.text)))]
    if len(owners) == total:
        return owners[before].start, owners[before + letters - 1].end
    rate = (segment.end - segment.start) / total
    return segment.start + rate * before, segment.start + rate * (before + letters)


def _letters(text: str) -> int:
    return len(text) - text.count(" ")


# -- lines --------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    """Reduce white space and control characters, which would end a cue or a line, to spaces."""
    printable = (" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return " ".join("".join(printable).split())


def _lines(text: str) -> list[str]:
    """Break a text into lines of at most LINE_COLUMNS, as even as they can be.

    The sum of squared slack is least over all breaks (Knuth and Plass, 1981), which also keeps
    the number of lines low; breaks in the middle of a phrase cost extra.
    """
    pieces = list(_pieces(text))
    # best[i]: the cost of the pieces before i, and where the line that ends there begins.
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(pieces) + 1):
        best.append(min(_ways_to_end(pieces, end, best)))
    lines: list[str] = []
    end = len(pieces)
    while end:
        begin = best[end][1]
        lines.append(_join(pieces[begin:end]))
        end = begin
    return lines[::-1]


def _ways_to_end(
    pieces: Sequence[_Piece], end: int, best: Sequence[tuple[float, int]]
) -> Iterator[tuple[float, int]]:
    """Yield (cost, begin) of each line that may end before piece ``end``; never empty."""
    ragged = end < len(pieces) and pieces[end - 1].text[-1] not in _PAUSES
    tail = 0
    for begin in range(end - 1, -1, -1):
        columns = pieces[begin].columns + tail
        if columns > LINE_COLUMNS:
            return
        cost = best[begin][0] + (LINE_COLUMNS - columns) ** 2 + _RAGGED_COST * ragged
        yield cost, begin
        tail += pieces[begin].advance


def _join(pieces: Sequence[_Piece]) -> str:
    return "".join(" " * piece.after_space + piece.text for piece in pieces).strip()


def _pieces(text: str) -> Iterator[_Piece]:
    """Divide a cleaned text: at spaces, between wide characters, and in overlong words."""
    for number, token in enumerate(text.split(" ") if text else ()):
        after_space = number > 0
        held, columns = "", 0
        for c in token:
            width = _columns(c)
            if held and _may_break(held[-1], c, columns + width):
                yield _Piece(held, columns, after_space)
                held, columns, after_space = "", 0, False
            held, columns = held + c, columns + width
        yield _Piece(held, columns, after_space)


def _may_break(before: str, after: str, columns: int) -> bool:
    """Whether a word may be divided here; ``columns`` is its width with ``after``."""
    if _columns(after) == 0:
        return False  # accents and joiners stay with their letter
    if columns > LINE_COLUMNS:
        return True
    return after not in _CLOSING and (_columns(before) == 2 or _columns(after) == 2)


def _columns(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


# -- formats ------------------------------------------------------------------------------------


def _escape_vtt(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _segment_json(segment: Segment) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text.strip(),
    }
    if segment.words:
        entry["words"] = [
            {
                "text": word.text.strip(),
                "start": round(word.start, 3),
                "end": round(word.end, 3),
                "probability": round(word.probability, 3),
            }
            for word in segment.words
        ]
    return entry
