"""Errors of a caption against what was said, counted as the literature counts them.

Texts go through whisper-normalizer's English normaliser and jiwer when both are installed (extra
``bench``), which also equate spellings and numbers; without them our own normalisation and
alignment are used, and reports say so. Losses and doublings are counted on our own alignment in
both cases: they are about places, not about spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livecaption.core.hypothesis import normalise
from livecaption.core.scoring import align_words

__all__ = ["WordErrors", "count_errors", "doubled", "scorer"]

_LONGEST_REPEAT = 8
"""Words of a repetition that is still looked for as one."""


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Counts over one text."""

    said: int
    edits: int
    """Substitutions, losses and additions."""
    lost: int
    """Words said that nothing was written for."""
    doubled: int
    """Words written that only repeat what stands beside them."""

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.said + other.said,
            self.edits + other.edits,
            self.lost + other.lost,
            self.doubled + other.doubled,
        )

    @property
    def rate(self) -> float:
        """Edits per word said."""
        return self.edits / self.said if self.said else float(bool(self.edits))


def count_errors(said: Sequence[str], written: Sequence[str]) -> WordErrors:
    """Compare two word sequences."""
    pairs = align_words(said, written)
    lost = sum(1 for _, j in pairs if j is None)
    words, edits = _edits(said, written)
    return WordErrors(words, edits, lost, doubled(pairs, written))


def doubled(pairs: Sequence[tuple[int | None, int | None]], written: Sequence[str]) -> int:
    """Count written words that were not said and repeat their neighbours.

    Args:
        pairs: alignment of what was said with what was written.
        written: the words written.
    """
    words = [normalise(word) for word in written]
    count, at = 0, 0
    added = [j for i, j in pairs if i is None and j is not None]
    while at < len(added):
        run = 1
        while at + run < len(added) and added[at + run] == added[at] + run:
            run += 1
        count += _repeats(words, added[at], run)
        at += run
    return count


def _repeats(words: Sequence[str], first: int, length: int) -> int:
    """Return how many of the added words [first, first + length) repeat what is beside them."""
    run = list(words[first : first + length])
    for size in range(min(length, _LONGEST_REPEAT), 0, -1):
        part = run[:size]
        before = list(words[max(0, first - size) : first])
        behind = list(words[first + length : first + length + size])
        if part == before or run[-size:] == behind:
            return size
    return 0


def scorer() -> str:
    """Say how word error rates are computed here, for reports."""
    return "jiwer after whisper-normalizer" if _installed() else "own alignment (no jiwer here)"


def _installed() -> bool:
    try:
        import jiwer  # noqa: F401
        import whisper_normalizer.english  # noqa: F401
    except ImportError:
        return False
    return True


def _edits(said: Sequence[str], written: Sequence[str]) -> tuple[int, int]:
    """Return words said and edits, as the best scorer at hand counts them."""
    if not _installed():
        pairs = align_words(said, written)
        wrong = sum(
            i is None or j is None or normalise(said[i]) != normalise(written[j]) for i, j in pairs
        )
        return len(said), wrong
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    normaliser = EnglishTextNormalizer()
    reference = normaliser(" ".join(said))
    if not reference:
        return 0, len(written)
    out = jiwer.process_words(reference, normaliser(" ".join(written)) or "-")
    words = out.hits + out.substitutions + out.deletions
    return words, out.substitutions + out.deletions + out.insertions
