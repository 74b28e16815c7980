"""What OpenAI's clients get for a file: its transcript in five forms, and as a stream of events.

Read from the types of the ``openai`` package (``types/audio``). Words also have their probability,
in segments and in the list of all.
"""

from __future__ import annotations

import json
import math
from typing import Any

from livecaption.core.file_transcript import FileSegment, FileTranscript
from livecaption.core.subtitles import to_srt, to_vtt
from livecaption.core.timed_text import TimedWord
from livecaption.protocol.languages import LANGUAGE_NAMES

__all__ = ["FORMATS", "StreamedText", "error_event", "model_card", "plain", "structured"]

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_FRAMES_A_SECOND = 100
"""Of ``seek``: mel frames."""


def plain(transcript: FileTranscript, name: str) -> str:
    """Write a transcript as ``text``, ``srt`` or ``vtt``."""
    match name:
        case "srt":
            return to_srt(transcript.segments)
        case "vtt":
            return to_vtt(transcript.segments)
        case _:
            return transcript.text + "\n"


def structured(transcript: FileTranscript, name: str, *, task: str, words: bool) -> dict[str, Any]:
    """Describe a transcript as ``json`` or ``verbose_json``.

    Args:
        transcript: of a file.
        name: of the form.
        task: ``transcribe`` or ``translate``.
        words: whether their times were asked for.
    """
    info = transcript.info
    short = {
        "text": transcript.text,
        "usage": {"type": "duration", "seconds": round(info.duration, 3)},
    }
    if name == "json":
        return short
    language = info.language or ""
    long = {
        "task": task,
        "language": LANGUAGE_NAMES.get(language, language),
        "duration": round(info.duration, 3),
        **short,
        "segments": [_segment(n, each) for n, each in enumerate(transcript.segments)],
    }
    if words:
        long["words"] = [_word(word, word.text.strip()) for word in transcript.words]
    return long


def _segment(number: int, segment: FileSegment) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": number,
        "seek": int(segment.start * _FRAMES_A_SECOND),
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": segment.temperature,
        "avg_logprob": _number(segment.avg_logprob),
        "compression_ratio": _number(segment.compression_ratio),
        "no_speech_prob": _number(segment.no_speech_prob),
    }
    if segment.words:
        described["words"] = [_word(word, word.text) for word in segment.words]
    return described


def _number(value: float) -> float:
    """JSON has no infinity, but the logarithm of a probability of 0 is one."""
    return value if math.isfinite(value) else -100.0


def _word(word: TimedWord, text: str) -> dict[str, Any]:
    return {
        "word": text,
        "start": round(word.start, 3),
        "end": round(word.end, 3),
        "probability": round(word.probability, 3),
    }


class StreamedText:
    """Events of one file: the deltas, joined, are the text of the last event."""

    def __init__(self) -> None:
        self._text = ""

    def delta(self, segment: FileSegment) -> str:
        """Write the event for a segment; nothing if it says nothing."""
        text = segment.text if self._text else segment.text.lstrip()
        if not text:
            return ""
        self._text += text
        return _event({"type": "transcript.text.delta", "delta": text})

    def done(self) -> str:
        """Write the last event."""
        return _event({"type": "transcript.text.done", "text": self._text})


def error_event(code: str, message: str) -> str:
    """Write the event that ends a stream that failed."""
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    return _event({"type": "error", "error": error})


def model_card(name: str) -> dict[str, Any]:
    """Describe a model."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "livecaption"}


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
