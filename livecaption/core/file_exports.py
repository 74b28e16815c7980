"""The formats in which the transcript of a file can be had, in one table.

This module must not know how a format is asked for, or where text goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from livecaption.core.file_transcript import FileTranscript
from livecaption.core.subtitles import to_json, to_srt, to_txt, to_vtt

__all__ = ["FILE_EXPORTS", "FileExport"]


@dataclass(frozen=True, slots=True)
class FileExport:
    """One format."""

    content_type: str
    extension: str
    write: Callable[[FileTranscript, bool], str]
    """Takes whether the words' times are wanted, which concerns JSON only: subtitles are divided
    by them in any case."""


def _json(transcript: FileTranscript, words: bool) -> str:  # noqa: FBT001 - one signature for all
    segments = transcript.segments
    if not words:
        segments = tuple(replace(segment, words=()) for segment in segments)
    info = transcript.info
    document = to_json(
        segments,
        language=info.language,
        language_probability=info.language_probability,
        duration=info.duration,
    )
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


FILE_EXPORTS: Mapping[str, FileExport] = MappingProxyType(
    {
        "json": FileExport("application/json", "json", _json),
        "txt": FileExport("text/plain; charset=utf-8", "txt", lambda t, _: to_txt(t.segments)),
        "srt": FileExport(
            "application/x-subrip; charset=utf-8", "srt", lambda t, _: to_srt(t.segments)
        ),
        "vtt": FileExport("text/vtt; charset=utf-8", "vtt", lambda t, _: to_vtt(t.segments)),
    }
)
