"""The formats in which a room's transcript can be had, in one table.

This module must not know how a format is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livecaption.core.cue_files import srt, vtt, vtt_header
from livecaption.core.timeline import Timeline, iso_time
from livecaption.core.transcript_cues import labelled, transcript_cues
from livecaption.core.transcript_json import transcript_json
from livecaption.core.transcript_text import TextOptions, transcript_text

__all__ = ["EXPORTS", "Export"]


@dataclass(frozen=True, slots=True)
class Export:
    """One format."""

    content_type: str
    extension: str
    write: Callable[[Timeline, TextOptions], str]
    """Valid also for a transcript without entries. The options concern plain text only."""


def _vtt(timeline: Timeline, options: TextOptions) -> str:  # noqa: ARG001 - one signature for all
    title = f"Room {timeline.room}"
    if timeline.placed:
        title += f", from {iso_time(timeline.zero)}"
    return vtt(transcript_cues(timeline), vtt_header(title))


def _srt(timeline: Timeline, options: TextOptions) -> str:  # noqa: ARG001
    return srt(labelled(transcript_cues(timeline)))


def _json(timeline: Timeline, options: TextOptions) -> str:  # noqa: ARG001
    return transcript_json(timeline)


EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "vtt": Export("text/vtt; charset=utf-8", "vtt", _vtt),
        "srt": Export("application/x-subrip; charset=utf-8", "srt", _srt),
        "txt": Export("text/plain; charset=utf-8", "txt", transcript_text),
        "json": Export("application/json", "json", _json),
    }
)
