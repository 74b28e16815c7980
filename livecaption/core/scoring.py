"""Comparing captions with a known text: word alignment and word error rate.

Texts are compared after ``normalise`` (case and punctuation do not count). This is the plain
Levenshtein distance over words; the figures of ``bench`` use jiwer after whisper-normalizer
instead, which also equates spellings and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
    costs = np.zeros((len(ref) + 1, len(hyp) + 1), dtype=np.int32)
    costs[:, 0] = np.arange(len(ref) + 1)
    costs[0, :] = np.arange(len(hyp) + 1)
    for i, word in enumerate(ref, start=1):
        for j, other in enumerate(hyp, start=1):
            swap = costs[i - 1, j - 1] + (word != other)
            costs[i, j] = min(swap, costs[i - 1, j] + 1, costs[i, j - 1] + 1)
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


def word_error_rate(reference: Sequence[str], hypothesis: Sequence[str]) -> float:
    """Return edits per reference word; 0.0 when nothing was said and nothing written."""
    pairs = align_words(reference, hypothesis)
    edits = sum(
        1
        for i, j in pairs
        if i is None or j is None or normalise(reference[i]) != normalise(hypothesis[j])
    )
    return edits / len(reference) if reference else float(bool(edits))
