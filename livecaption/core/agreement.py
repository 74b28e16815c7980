"""When a word of a hypothesis becomes committed.

Two rules, one interface: ``push`` takes the words after the seam of each new hypothesis and
returns those that are committed now. What it returned is never taken back.

``LocalAgreement`` is LocalAgreement-2 (Liu et al., "Low-Latency Sequence-to-Sequence Speech
Recognition and Translation by Partial Hypothesis Selection", 2020): the longest common prefix of
two hypotheses in a row is stable. The last words of a hypothesis are held back, because the
decoder often completes a half-heard word wrongly, and twice the same way.

``Settled`` commits whatever ends well before the window's end: with that much audio on both
sides a word no longer changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Protocol

from livecaption.core.hypothesis import Word, normalise

__all__ = ["Agreement", "LocalAgreement", "Settled"]


class Agreement(Protocol):
    """Decides what is stable."""

    @property
    def tentative(self) -> tuple[Word, ...]:
        """Words of the last hypothesis that are not committed."""

    def push(self, words: Sequence[Word], window_stop: int) -> tuple[Word, ...]:
        """Take a hypothesis without its committed head; return the newly committed words.

        ``window_stop`` is the absolute sample index where the decoded audio ended.
        """

    def take_before(self, sample: int) -> tuple[Word, ...]:
        """Commit by force, and return, the tentative words that end at or before ``sample``."""


class _Tail:
    """The tentative words both rules keep."""

    def __init__(self) -> None:
        self._tentative: tuple[Word, ...] = ()

    @property
    def tentative(self) -> tuple[Word, ...]:
        return self._tentative

    def take_before(self, sample: int) -> tuple[Word, ...]:
        count = 0
        while count < len(self._tentative) and self._tentative[count].stop <= sample:
            count += 1
        return self._split(self._tentative, count)

    def _split(self, words: Sequence[Word], count: int) -> tuple[Word, ...]:
        self._tentative = tuple(words[count:])
        return tuple(words[:count])


class LocalAgreement(_Tail):
    """Commits the common prefix of two hypotheses in a row, less the last ``hold_back`` words.

    Args:
        hold_back: words at the end of a hypothesis that may be half heard.
        within: hold back only those that end less than so many samples before the window's end;
            None holds all of them back.
    """

    def __init__(self, *, hold_back: int, within: int | None = None) -> None:
        super().__init__()
        self._hold_back = hold_back
        self._within = within

    def push(self, words: Sequence[Word], window_stop: int) -> tuple[Word, ...]:
        """See ``Agreement.push``; a difference in case or punctuation is no disagreement."""
        limit = min(len(self._tentative), len(words) - self._held(words, window_stop))
        count = 0
        while count < limit and _agree(self._tentative[count], words[count]):
            count += 1
        return self._split(words, count)

    def _held(self, words: Sequence[Word], window_stop: int) -> int:
        if self._within is None:
            return self._hold_back
        heard = window_stop - self._within
        last = words[max(0, len(words) - self._hold_back) :]
        return len(last) - sum(1 for _ in takewhile(lambda word: word.stop <= heard, last))


class Settled(_Tail):
    """Commits the words that end at least ``margin`` samples before the window's end."""

    def __init__(self, *, margin: int) -> None:
        super().__init__()
        self._margin = margin

    def push(self, words: Sequence[Word], window_stop: int) -> tuple[Word, ...]:
        """See ``Agreement.push``."""
        self._tentative = tuple(words)
        return self.take_before(window_stop - self._margin)


def _agree(a: Word, b: Word) -> bool:
    return normalise(a.text) == normalise(b.text)
