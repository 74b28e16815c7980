"""Engines for tests: what comes back for a request, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

from livecaption.core.captions import GapReason
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.hypothesis import Word
from livecaption.engine.scripted import ScriptedTranscriber
from tests.script import MS, speech

__all__ = ["Answer", "Left", "at_once", "heard", "never", "nothing", "truthful"]


class Left(Enum):
    """Why there is none for any window with this audio."""

    OUT = "out"


Answer = DecodeResult | GapReason | Left
"""What the engine says: a result, or why there is none."""


def truthful(words: Sequence[Word]) -> Callable[[DecodeRequest], DecodeResult]:
    """An engine that hears the script; only a word cut by the window's end is misheard."""
    engine = ScriptedTranscriber(words)
    return lambda request: engine.transcribe([engine.prepare(request)])[0]


def heard(request: DecodeRequest, text: str, probability: float = 0.9) -> DecodeResult:
    """The answer of an engine that heard these words evenly spaced over the window."""
    words = speech(text, ms=len(request.audio) / MS).words
    placed = tuple(replace(w.shifted(request.start), probability=probability) for w in words)
    return DecodeResult(request=request, words=placed, language=request.language or "en")


def nothing(request: DecodeRequest) -> DecodeResult:
    """The answer of an engine that hears no word."""
    return DecodeResult(request=request, words=(), language="en")


def at_once(request: DecodeRequest) -> int:
    """No delay."""
    return 0


def never(request: DecodeRequest) -> None:
    """No answer before the end of the stream."""
