"""Timed words: what one decode believes was said."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

__all__ = ["Word", "normalise", "text_of"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its place on the session's audio clock."""

    text: str
    """As the decoder wrote it, with its leading space where the language has one."""
    start: int
    """Absolute sample index."""
    stop: int
    """Absolute sample index, exclusive; never before ``start``."""
    probability: float
    """Mean probability of the word's tokens given the audio, 0 to 1."""

    def shifted(self, samples: int) -> Word:
        """Return the same word ``samples`` later."""
        return replace(self, start=self.start + samples, stop=self.stop + samples)


def normalise(text: str) -> str:
    """Reduce a word to what counts when two decodes are compared.

    Case, punctuation and white space do not count: "Morning," and "morning" agree. A word
    made of punctuation alone reduces to the empty string.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "PZSC")


def text_of(words: tuple[Word, ...] | list[Word]) -> str:
    """Join words as the decoder wrote them, leading space included."""
    return "".join(word.text for word in words)
