"""Which words at the head of a hypothesis are already committed.

A window may carry audio whose words are committed; the decoder says them again. Text alone must
not decide what is a repetition, because a sentence that is really said twice has to appear twice.
So time decides and text confirms::

    committed        ... the  new  project|
    hypothesis             new  project|  and  the
    middle of word   ─────────┼────────┼───┼────────▶ time
                                       └ boundary: end of the last committed word

The count of words whose middle lies before the boundary is the first guess; it moves by at most
``_REACH`` words, and only to where the last committed words are found again closer to their place.
"""

from __future__ import annotations

from collections.abc import Sequence

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.hypothesis import Word, normalise

__all__ = ["strip_overlap"]

_REACH = 3
_DEPTH = 4
_TOLERANCE = int(0.4 * SAMPLE_RATE)
"""How far the same word may move between two decodes; Whisper's alignment errs by 0.2 to 0.3 s."""


def strip_overlap(committed: Sequence[Word], hypothesis: Sequence[Word]) -> tuple[Word, ...]:
    """Return the hypothesis without the words that repeat committed ones.

    Args:
        committed: words in order, at least those inside the window; absolute samples.
        hypothesis: words of one decode, in order; absolute samples.

    Returns:
        The words after the seam.
    """
    if not committed:
        return tuple(hypothesis)
    boundary = committed[-1].stop
    guess = sum(1 for word in hypothesis if (word.start + word.stop) // 2 < boundary)
    first = max(0, guess - _REACH)
    last = min(len(hypothesis), guess + _REACH)
    best = max(
        range(first, last + 1),
        key=lambda count: (_confirmation(committed, hypothesis[:count]), -abs(count - guess)),
    )
    return tuple(hypothesis[best:])


def _confirmation(committed: Sequence[Word], head: Sequence[Word]) -> float:
    """Say how well the end of ``head`` repeats the last committed words, 0 to _DEPTH.

    Closeness in time counts, not only the text: in "no, no, no" every word is found again one
    place further on, but not as close.
    """
    pairs = list(zip(reversed(committed), reversed(head), strict=False))[:_DEPTH]
    return sum(_closeness(a, b) for a, b in pairs)


def _closeness(a: Word, b: Word) -> float:
    if normalise(a.text) != normalise(b.text):
        return 0.0
    return max(0.0, 1.0 - abs(a.stop - b.stop) / _TOLERANCE)
