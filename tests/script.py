"""Scripted speech: PCM that loudness alone tells from silence, with the words that are in it.

::

    take = speech("good morning", ms=900) + silence(ms=600) + noise(ms=300)
    ScriptedTranscriber(take.words)      hears it
    CaptionSession(config, is_loud)      finds it

The samples of speech and noise differ from place to place, so that a test can tell whether a
window holds the audio it claims to hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.hypothesis import Word, text_of

__all__ = ["MS", "Take", "chunks", "is_loud", "noise", "silence", "speech"]

MS = SAMPLE_RATE // 1000
"""Samples in a millisecond."""

_LOUD = 1000


@dataclass(frozen=True, slots=True)
class Take:
    """Audio and what is said in it; takes are joined with ``+``."""

    samples: Samples = field(default_factory=lambda: np.empty(0, dtype=np.int16))
    words: tuple[Word, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def __add__(self, after: Take) -> Take:
        shifted = tuple(word.shifted(len(self)) for word in after.words)
        return Take(np.concatenate([self.samples, after.samples]), self.words + shifted)

    @property
    def text(self) -> str:
        """Everything that is said."""
        return text_of(self.words).strip()


def speech(text: str, *, ms: float) -> Take:
    """Words evenly spaced over ``ms`` milliseconds, without a pause between them."""
    total = round(ms * MS)
    tokens = text.split()
    edges = [total * index // len(tokens) for index in range(len(tokens) + 1)]
    words = tuple(
        Word(f" {token}", start, stop, 0.9)
        for token, start, stop in zip(tokens, edges, edges[1:], strict=False)
    )
    return Take(_loud(total), words)


def noise(*, ms: float) -> Take:
    """Loud audio in which nothing is said."""
    return Take(_loud(round(ms * MS)))


def silence(*, ms: float) -> Take:
    """Digital silence."""
    return Take(np.zeros(round(ms * MS), dtype=np.int16))


def is_loud(frame: bytes) -> bool:
    """A speech detector for scripted speech: one loud sample is enough."""
    return bool((np.abs(np.frombuffer(frame, dtype="<i2")) >= _LOUD).any())


def chunks(samples: Samples, sizes: Sequence[int]) -> Iterator[Samples]:
    """Cut audio into chunks of these sizes (samples), again and again until it is used up."""
    at = 0
    for size in cycle(sizes):
        if at >= len(samples):
            return
        yield samples[at : at + size]
        at += size


def _loud(total: int) -> Samples:
    at = np.arange(total)
    sign = np.where(at % 2, 1, -1)
    return (sign * (_LOUD + at * 37 % 9973)).astype(np.int16)
