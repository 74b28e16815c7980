"""A transcribed file as plain text, SRT, WebVTT and JSON.

This module must not know where segments come from, and writes no files. Rooms have writers of
their own: see ``exports.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livecaption.core.cue_files import clock, srt, vtt
from livecaption.core.cues import Cue, cues_of, milliseconds, track_pieces
from livecaption.core.lines import clean
from livecaption.core.timed_text import Segment, TimedWord

__all__ = [
    "Segment",
    "TimedWord",
    "cues",
    "timestamp",
    "to_json",
    "to_srt",
    "to_txt",
    "to_vtt",
]


def cues(segments: Sequence[Segment]) -> list[Cue]:
    """Divide segments into cues that fit the screen and can be read."""
    return cues_of(track_pieces(segments))


def to_txt(segments: Sequence[Segment]) -> str:
    """One line for each segment."""
    return "".join(f"{text}\n" for segment in segments if (text := clean(segment.text)))


def to_srt(segments: Sequence[Segment]) -> str:
    """SubRip. Empty when there are no words."""
    return srt(cues(segments))


def to_vtt(segments: Sequence[Segment]) -> str:
    """WebVTT, valid also when there are no words."""
    return vtt(cues(segments))


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
    return clock(milliseconds(seconds), decimal_mark)


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
