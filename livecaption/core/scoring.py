"""Comparing captions with a known text: word alignment and word error rate.

Texts are compared after ``normalise`` (case and punctuation do not count). This is the plain
Levenshtein distance over words; the figures of ``bench`` use jiwer after whisper-normalizer
instead, which also equates spellings and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from livecaption.core.hypothesis import normalise

__all__ = ["align_words", "word_error_rate"]


def align_words(
    reference: Sequence[str], hypothesis: Sequence[str]
) -> list[tuple[int | None, int | None]]:
    """Align two word sequences with the fewest edits.

    Args:
        reference: what was said.
        hypothesis: what was written.

    Returns:
        Pairs of indexes in order: (i, j) for a match or substitution, (i, None) for a lost word,
        (None, j) for an added one.
    """
    ref = [normalise(word) for word in reference]
    hyp = [normalise(word) for word in hypothesis]
    costs = _edit_costs(ref, hyp)
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(ref), len(hyp)
    while i or j:
        # Of equally cheap alignments the one with more matches is taken: substitution comes last.
        if i and j and ref[i - 1] == hyp[j - 1] and costs[i, j] == costs[i - 1, j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
            pairs.append((i, None))
        elif j and costs[i, j] == costs[i, j - 1] + 1:
            j -= 1
            pairs.append((None, j))
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _edit_costs(ref: Sequence[str], hyp: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the Levenshtein distances of all prefixes, shape (len(ref) + 1, len(hyp) + 1).

    A row at a time: the additions along a row, each one dearer than the last, are a running
    minimum once the ramp 0, 1, 2, … is taken off.
    """
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(word, len(numbers)) for word in hyp], dtype=np.int32)
    ramp = np.arange(len(hyp) + 1, dtype=np.int32)
    costs = np.empty((len(ref) + 1, len(hyp) + 1), dtype=np.int32)
    costs[0] = ramp
    for i, word in enumerate(ref, start=1):
        above = costs[i - 1]
        row = above + 1
        swaps = above[:-1] + (codes != numbers.get(word, -1))
        np.minimum(row[1:], swaps, out=row[1:])
        costs[i] = np.minimum.accumulate(row - ramp) + ramp
    return costs


def word_error_rate(reference: Sequence[str], hypothesis: Sequence[str]) -> float:
    """Return edits per reference word; 0.0 when nothing was said and nothing written."""
    pairs = align_words(reference, hypothesis)
    edits = sum(
        1
        for i, j in pairs
        if i is None or j is None or normalise(reference[i]) != normalise(hypothesis[j])
    )
    return edits / len(reference) if reference else float(bool(edits))
