"""Every tunable of the engine in one frozen object, each with the reason for its default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livecaption.core.audio import Samples

__all__ = ["EngineConfig", "always_speech"]


def always_speech(audio: Samples) -> bool:  # noqa: ARG001
    """Trust the first detector: the second opinion of an engine that has none."""
    return True


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How the resident model decodes."""

    is_speech: Callable[[Samples], bool] = always_speech
    """Second opinion on a window of int16 samples, asked until an utterance is confirmed."""
    bucket_floor: int = 1000
    """Least encoder length, mel frames. 500 costs half as much, but real checkpoints have been
    seen to loop on short windows; 10 s showed no loss."""
    max_rows: int = 8
    """Rows of a batch: on a CPU the encoder gains nothing from more."""
    final_beam: int = 5
    """Beam of closing decodes; partials are greedy, because a beam of 5 doubles every step."""
    fallback_temperature: float = 0.4
    """Temperature of the one retry of a rejected final; 0 for none."""
    tokens_base: int = 8
    tokens_per_s: float = 8.0
    """A window of w seconds may yield base + w × this many tokens: one looping row must not hold
    up its batch. Fast speech has about 4 words, 6 tokens, a second."""
    context_tokens: int = 32
    """Length of the previous-text context when it is used: exactly this or none."""
    max_vocabulary_tokens: int = 64
    """Names and terms beyond this are not given to the decoder."""
