"""Comparing what a page shows with what was said, as far as it was said."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["error_rate_of_a_beginning", "said_words"]


def said_words(text: str) -> list[str]:
    """Return the words without case and punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


def error_rate_of_a_beginning(said: Sequence[str], heard: Sequence[str]) -> float:
    """Return the word error rate of ``heard`` against the beginning of ``said`` that fits best.

    Nobody knows at which word a listener pressed Stop, so the end is free; nothing else is.
    """
    costs = list(range(len(said) + 1))
    for count, word in enumerate(heard, start=1):
        above = costs
        costs = [count]
        for at, other in enumerate(said, start=1):
            changed = above[at - 1] + (word != other)
            costs.append(min(changed, above[at] + 1, costs[at - 1] + 1))
    return min(cost / max(1, at) for at, cost in enumerate(costs))
