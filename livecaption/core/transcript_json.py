"""A room's transcript as JSON for programs; ``docs/transcript.schema.json`` is its contract.

This module must not know where text goes.
"""

from __future__ import annotations

import json
from typing import Any

from livecaption.core.timeline import Placed, Timeline, iso_time
from livecaption.core.transcript import TranscriptGap, TranscriptLine

__all__ = ["transcript_json"]


def transcript_json(timeline: Timeline) -> str:
    """Write an indented JSON object, non-ASCII characters as they are."""
    entries = [_entry_json(placed, timeline.zero) for placed in timeline.placed]
    document: dict[str, Any] = {
        "room": timeline.room,
        "started_at": iso_time(timeline.zero) if entries else None,
        "duration": _rounded(max((each.end for each in timeline.placed), default=0.0)),
        "offset": timeline.offset,
        "languages": _distinct(line.language for line, _ in timeline.lines),
        "speakers": _distinct(line.speaker for line, _ in timeline.lines),
        "sessions": _sessions_json(timeline),
        "entries": entries,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _sessions_json(timeline: Timeline) -> list[dict[str, Any]]:
    starts = {each.entry.session: each.entry.started_at for each in timeline.placed}
    return [
        {
            "session": session,
            "started_at": iso_time(started_at),
            "start": _rounded(started_at - timeline.zero),
        }
        for session, started_at in sorted(starts.items(), key=lambda item: item[1])
    ]


def _entry_json(placed: Placed, zero: float) -> dict[str, Any]:
    entry = placed.entry
    common = {
        "session": entry.session,
        "speaker": entry.speaker,
        "offset": entry.offset,
        "start": _rounded(placed.start),
        "end": _rounded(placed.end),
        "started_at": iso_time(zero + placed.start),
        "ended_at": iso_time(zero + placed.end),
    }
    if isinstance(entry, TranscriptGap):
        return {"type": "gap", **common, "reason": entry.reason}
    return {
        "type": "utterance",
        **common,
        "utterance": entry.utterance,
        "language": entry.language,
        "text": entry.text,
        "words": _words_json(entry, placed.start - entry.start),
    }


def _words_json(line: TranscriptLine, shift: float) -> list[dict[str, Any]]:
    return [
        {
            "text": word.text.strip(),
            "start": _rounded(word.start + shift),
            "end": _rounded(word.end + shift),
            "probability": _rounded(word.probability),
        }
        for word in line.words
    ]


def _distinct(values: Any) -> list[str]:
    """Return what is not None, each once, in the order of first appearance."""
    return list(dict.fromkeys(value for value in values if value is not None))


def _rounded(number: float) -> float:
    return round(number, 3)
