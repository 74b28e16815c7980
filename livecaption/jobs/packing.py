"""Transcripts, options and jobs as bytes, compact and versioned, for any keeper of jobs."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, fields
from typing import Any

from livecaption.core.file_transcript import FileInfo, FileOptions, FileSegment, FileTranscript
from livecaption.core.timed_text import TimedWord
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.records import Delivery, DeliveryState, Job, JobProblem, Kind

__all__ = ["pack", "pack_job", "pack_options", "unpack", "unpack_job", "unpack_options"]

_VERSION = 1
_PLAIN = tuple(field.name for field in fields(FileSegment) if field.name not in ("words", "tokens"))


def pack(transcript: FileTranscript) -> bytes:
    """Return a transcript as compressed JSON: an hour of speech is about 100 KB."""
    document = {
        "v": _VERSION,
        "info": asdict(transcript.info),
        "segments": [_segment_row(segment) for segment in transcript.segments],
    }
    return zlib.compress(json.dumps(document, ensure_ascii=False).encode())


def unpack(data: bytes) -> FileTranscript:
    """Return what was packed."""
    document = json.loads(zlib.decompress(data))
    segments = tuple(_segment(row) for row in document["segments"])
    return FileTranscript(FileInfo(**document["info"]), segments)


def pack_options(options: FileOptions) -> str:
    """Return options as JSON text."""
    return json.dumps(asdict(options), ensure_ascii=False)


def unpack_options(text: str) -> FileOptions:
    """Return the options; what another version added is left out."""
    return _options(json.loads(text))


def pack_job(job: Job) -> str:
    """Return a job, its deliveries included, as JSON text."""
    return json.dumps(asdict(job), ensure_ascii=False)


def unpack_job(text: str | bytes) -> Job:
    """Return the job."""
    given: dict[str, Any] = json.loads(text)
    problem = given.pop("problem")
    return Job(
        **given
        | {
            "state": JobState(given["state"]),
            "options": _options(given["options"]),
            "problem": None if problem is None else JobProblem(**problem),
            "deliveries": tuple(_delivery(each) for each in given["deliveries"]),
        }
    )


def _delivery(given: dict[str, Any]) -> Delivery:
    kinds = {"kind": Kind(given["kind"]), "state": DeliveryState(given["state"])}
    return Delivery(**given | kinds)


def _options(given: dict[str, Any]) -> FileOptions:
    known = {field.name for field in fields(FileOptions)}
    taken = {name: value for name, value in given.items() if name in known}
    taken["vocabulary"] = tuple(taken.get("vocabulary", ()))
    return FileOptions(**taken)


def _segment_row(segment: FileSegment) -> dict[str, Any]:
    """Return a segment as plain data; its tokens are of no use to anybody later."""
    row = {name: getattr(segment, name) for name in _PLAIN}
    words = [[word.text, word.start, word.end, word.probability] for word in segment.words]
    return {**row, "words": words}


def _segment(row: dict[str, Any]) -> FileSegment:
    plain = {name: row[name] for name in _PLAIN}
    return FileSegment(**plain, words=tuple(TimedWord(*word) for word in row["words"]))
