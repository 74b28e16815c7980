"""Two captions of the same audio: what one lacks and what one has twice, by text and by time.

A decoder that gets other windows may hear a word otherwise; nobody lost it. So beside the edits
between two texts the *times* are compared: a word is lost when the other text has nothing at its
place, and repeated when the text goes back in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from livecaption.bench.word_errors import count_errors

__all__ = ["TimedWord", "WordDiff", "diff_words"]

_SLACK_S = 0.1
"""By which the times of one word may differ between two decodes."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word; times in seconds from the start of the audio."""

    text: str
    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Counts over one text, or over several."""

    words: int = 0
    """Of the reference."""
    edits: int = 0
    missing: int = 0
    """Words of the reference that the alignment found nothing for."""
    doubled: int = 0
    """Words that are not in the reference and repeat the words beside them."""
    lost: int = 0
    """Words of the reference at whose time nothing was written."""
    repeated: int = 0
    """Words that lie before the end of the words in front of them."""

    def __add__(self, other: WordDiff) -> WordDiff:
        mine, theirs = asdict(self), asdict(other)
        return WordDiff(**{name: mine[name] + theirs[name] for name in mine})


def diff_words(
    reference: Sequence[TimedWord], written: Sequence[TimedWord], *, same_clock: bool = True
) -> WordDiff:
    """Compare a text with a reference.

    Args:
        reference: the words to be expected.
        written: the words that came, in the order in which they are read.
        same_clock: whether times can be compared; not so when a new session had to begin.
    """
    errors = count_errors([w.text for w in reference], [w.text for w in written])
    return WordDiff(
        words=len(reference),
        edits=errors.edits,
        missing=errors.lost,
        doubled=errors.doubled,
        lost=len(lost_words(reference, written)) if same_clock else errors.lost,
        repeated=len(repeated_words(written)) if same_clock else errors.doubled,
    )


def lost_words(reference: Sequence[TimedWord], written: Sequence[TimedWord]) -> list[TimedWord]:
    """Return the words of the reference at whose time nothing was written."""
    spans = sorted((word.start - _SLACK_S, word.stop + _SLACK_S) for word in written)
    lost, at, reached = [], 0, float("-inf")
    for word in sorted(reference, key=lambda word: word.start + word.stop):
        middle = (word.start + word.stop) / 2
        while at < len(spans) and spans[at][0] <= middle:
            reached = max(reached, spans[at][1])
            at += 1
        if middle > reached:
            lost.append(word)
    return lost


def repeated_words(written: Sequence[TimedWord]) -> list[TimedWord]:
    """Return the words that lie before the end of what was written in front of them."""
    repeated, reached = [], float("-inf")
    for word in written:
        if (word.start + word.stop) / 2 < reached - _SLACK_S:
            repeated.append(word)
        reached = max(reached, word.stop)
    return repeated
