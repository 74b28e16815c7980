"""Rejects hypotheses that are not what was said: Whisper invents text on silence and loops.

The thresholds on no-speech probability, average log-probability and compression ratio are those
of the Whisper paper (Radford et al., 2022, section 4.5). The compression ratio says nothing about
a few words, so short hypotheses are judged by counting repeated n-grams instead.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from livecaption.core.decode import DecodeResult
from livecaption.core.hypothesis import Word, normalise, text_of

__all__ = ["Rejection", "ScreenConfig", "compression_ratio", "longest_loop", "screen"]


class Rejection(StrEnum):
    """Why a hypothesis is not shown."""

    NOT_SPEECH = "not_speech"
    """The second detector found no speech in the window."""
    NO_SPEECH = "no_speech"
    """The decoder itself believes that nobody speaks, and is unsure of its words."""
    LOW_PROBABILITY = "low_probability"
    """The words are improbable given the audio."""
    COMPRESSION = "compression"
    """A long text that repeats itself."""
    LOOP = "loop"
    """The same few words again and again."""
    TOO_FAST = "too_fast"
    """More words than anybody can say in that time."""


@dataclass(frozen=True, slots=True)
class ScreenConfig:
    """Thresholds; log-probabilities are natural logarithms per token."""

    max_no_speech_prob: float = 0.6
    min_logprob_if_no_speech: float = -1.0
    min_logprob: float = -1.6
    """Below this the words are guesses; the Whisper paper uses -1 to ask for another decode."""
    max_compression_ratio: float = 2.4
    compression_min_chars: int = 80
    max_repeats: int = 4
    """An n-gram may follow itself this often ("no, no, no, no" is speech)."""
    max_words_per_second: float = 9.0


def screen(result: DecodeResult, config: ScreenConfig) -> Rejection | None:
    """Return why the hypothesis must not be shown, or None when it may."""
    if not result.is_speech:
        return Rejection.NOT_SPEECH
    if not result.words:
        return None
    if (
        result.no_speech_prob > config.max_no_speech_prob
        and result.avg_logprob < config.min_logprob_if_no_speech
    ):
        return Rejection.NO_SPEECH
    if result.avg_logprob < config.min_logprob:
        return Rejection.LOW_PROBABILITY
    if longest_loop(result.words) > config.max_repeats:
        return Rejection.LOOP
    if len(result.words) > config.max_words_per_second * max(1.0, result.request.duration):
        return Rejection.TOO_FAST
    text = text_of(result.words)
    if (
        len(text) >= config.compression_min_chars
        and compression_ratio(text) > config.max_compression_ratio
    ):
        return Rejection.COMPRESSION
    return None


def compression_ratio(text: str) -> float:
    """Return UTF-8 bytes over zlib-compressed bytes; repetition compresses well."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw))


def longest_loop(words: Sequence[Word], longest_gram: int = 6) -> int:
    """Return how often an n-gram of 1 to ``longest_gram`` words follows itself at most.

    1 means no repetition; 0 that there are no words.
    """
    texts = [normalise(word.text) for word in words]
    best = 1 if texts else 0
    for size in range(1, longest_gram + 1):
        run = 0
        for at in range(size, len(texts)):
            run = run + 1 if texts[at] == texts[at - size] else 0
            best = max(best, run // size + 1)
    return best
