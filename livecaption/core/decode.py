"""The engine contract as data: what the core asks for and what comes back.

The session owns language, prompt and vocabulary; each request carries all that an engine needs,
so that an engine owns no state of any session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.hypothesis import Word

__all__ = ["DecodeKind", "DecodeRequest", "DecodeResult", "Task", "min_probability"]

Task = Literal["transcribe", "translate"]


class DecodeKind(Enum):
    """Why audio is decoded."""

    PARTIAL = "partial"
    """The utterance is open: greedy, quick, may be superseded."""
    FINAL = "final"
    """The utterance is closed: better search, never dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodeRequest:
    """One window of audio to decode."""

    session: str
    number: int
    """Counts the requests of its session, from 1."""
    utterance: int
    kind: DecodeKind
    start: int
    """Absolute index of the first sample."""
    audio: Samples = field(repr=False)
    """int16, shape (n,), n ≤ 480,000."""
    previous_text: str = field(repr=False, default="")
    """Committed text before the window, for the decoder's context slot."""
    vocabulary: tuple[str, ...] = field(repr=False, default=())
    """Names and terms to expect."""
    language: str | None = None
    """Whisper language code; None asks the engine to detect it."""
    task: Task = "transcribe"
    verify_speech: bool = False
    """Ask the second detector whether there is speech in it at all, before decoding."""

    @property
    def stop(self) -> int:
        """Absolute index one past the last sample."""
        return self.start + len(self.audio)

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return len(self.audio) / SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class DecodeResult:
    """What one decode believes."""

    request: DecodeRequest = field(repr=False)
    words: tuple[Word, ...] = field(repr=False)
    """In absolute samples, in order; none is blank, none ends after the window."""
    language: str | None = None
    """The language decoded with; detected when the request named none."""
    language_probability: float = 1.0
    avg_logprob: float = 0.0
    """Mean log-probability per token of the hypothesis."""
    no_speech_prob: float = 0.0
    """The decoder's own belief that the window holds no speech."""
    is_speech: bool = True
    """False when the second detector vetoed the window; ``words`` is empty then."""
    decode_seconds: float = 0.0
    """This window's share of the batch's run time."""


def min_probability(words: tuple[Word, ...]) -> float:
    """Return the least word probability, 1.0 for no words."""
    return min((word.probability for word in words), default=1.0)
