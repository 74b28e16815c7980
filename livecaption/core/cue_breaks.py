"""Where timed text is divided into cues, and a cue into two lines.

Every way of dividing a stretch of speech has a cost; the cheapest is found exactly, by dynamic
programming (as Knuth and Plass broke paragraphs, 1981). A cue costs more when it ends or folds in
the middle of a phrase, when its lines are uneven, when it is nearly empty, and above all when the
speech leaves less time to read it than a reader needs.

This module must not know speakers, sessions or formats, and does not decide when a cue leaves the
screen: see ``cues.py``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from livecaption.core.lines import LINE_COLUMNS, Break

__all__ = ["READING", "CueRules", "Span", "TimedPiece", "best_fold", "best_spans"]


@dataclass(frozen=True, slots=True)
class CueRules:
    """What makes a cue readable; ``docs/transcripts.md`` says where the numbers come from."""

    columns: int = LINE_COLUMNS
    """Of a line; a cue has two lines at most."""
    least_ms: int = 1000
    """Shortest time on screen. Below about 5/6 s a cue is noticed but not read."""
    most_ms: int = 7000
    """Longest time on screen: two full lines for a slow reader. What stays longer is read twice."""
    columns_per_s: int = 17
    """Reading speed: 160 to 180 words a minute, the broadcasters' figure, with the average
    English word and its space taken as six characters."""
    gap_ms: int = 80
    """Empty screen between two cues (two film frames), without which a change goes unnoticed."""
    chain_ms: int = 500
    """A longer empty screen than ``gap_ms``, up to this, only flickers: the cue stays instead."""
    pause_ms: int = 1000
    """A silence from which on no cue goes across it: words would show long before they are said."""
    phrase_pause_ms: int = 300
    """A silence that ends a phrase although no comma says so."""

    def reading_ms(self, columns: int) -> int:
        """Return how long a cue of so many columns should stand, within the limits."""
        needed = columns * 1000 // self.columns_per_s
        return min(self.most_ms, max(self.least_ms, needed))


READING = CueRules()


@dataclass(frozen=True, slots=True)
class TimedPiece:
    """The least part of a text that neither line nor cue may divide; times in milliseconds."""

    text: str
    columns: int
    after_space: bool
    start: int
    end: int
    ends: Break
    """What may be broken behind it, and how well."""


@dataclass(frozen=True, slots=True)
class Span:
    """Pieces ``begin`` to ``end`` are one cue; its second line begins with piece ``fold``."""

    begin: int
    fold: int
    """Equal to ``end`` when there is only one line."""
    end: int


# Costs are in "columns of imbalance", roughly: only their proportions matter.
_CUE = 10.0
"""Of each cue: fewer changes of the screen are better."""
_CUT = {Break.SENTENCE: 0.0, Break.CLAUSE: 30.0, Break.WORD: 120.0}
"""Of ending a cue there. Two cues more are better than one that ends inside a phrase."""
_MIXED = 50.0
"""Of a cue that holds the end of a sentence, but not at the end of a line: a sentence for each
cue, or for each line, reads better."""
_FOLD = {Break.SENTENCE: 0.0, Break.CLAUSE: 8.0, Break.WORD: 30.0}
"""Of ending the first line there: both parts are still seen together."""
_UNEVEN = 1 / 20
"""For the square of the difference between two lines."""
_EMPTY = 1 / 200
"""For the square of the columns that stay empty, which makes neighbours about equally full."""
_TOO_FAST = 60.0
"""For each second that a cue lacks to be read."""
_TOO_SHORT = 2000.0
"""For a cue below the shortest time: more than any layout costs, so that it joins a neighbour."""


def best_spans(pieces: Sequence[TimedPiece], room_ms: int, rules: CueRules = READING) -> list[Span]:
    """Divide one stretch of speech into cues.

    Args:
        pieces: one or more, in order; starts and ends never go back.
        room_ms: silence after the last piece.
        rules: the limits. Two lines of ``rules.columns`` are never exceeded; ``rules.most_ms``
            only by a single piece that lasts longer.
    """
    run = _Run(pieces, room_ms, rules)
    best: list[tuple[float, Span | None]] = [(0.0, None)]
    best += [(float("inf"), None)] * len(pieces)
    for begin in range(len(pieces)):
        so_far = best[begin][0]
        for end in range(begin + 1, run.last_end(begin) + 1):
            fold = run.fold(begin, end)
            if fold is None:
                break  # a longer cue is wider still
            cost = so_far + run.cost(begin, end) + fold[0]
            if cost < best[end][0]:
                best[end] = (cost, Span(begin, fold[1], end))
    spans: list[Span] = []
    span = best[-1][1]
    while span is not None:
        spans.append(span)
        span = best[span.begin][1]
    return spans[::-1]


def best_fold(pieces: Sequence[TimedPiece], rules: CueRules = READING) -> int | None:
    """Return the piece with which a second line begins best; their number when one line is enough.

    None when two lines do not hold them.
    """
    fold = _Run(pieces, 0, rules).fold(0, len(pieces))
    return None if fold is None else fold[1]


class _Run:
    """The pieces as lists of numbers; with sums from the left, the width of any part is cheap."""

    def __init__(self, pieces: Sequence[TimedPiece], room_ms: int, rules: CueRules) -> None:
        self._rules = rules
        self._starts = [piece.start for piece in pieces]
        self._ends = [piece.end for piece in pieces]
        self._next = [*self._starts[1:], self._ends[-1] + room_ms]
        self._spaces = [int(piece.after_space) for piece in pieces]
        # _sums[k]: columns of the first k pieces in one line, leading space of the first included.
        self._sums = [0, *accumulate(p.columns + p.after_space for p in pieces)]
        kinds = [self._kind(k, piece) for k, piece in enumerate(pieces)]
        self._cuts = [_CUT[kind] for kind in kinds[:-1]] + [0.0]
        self._folds = [_FOLD[kind] for kind in kinds]
        self._sentences = [0, *accumulate(int(kind is Break.SENTENCE) for kind in kinds)]

    def _kind(self, at: int, piece: TimedPiece) -> Break:
        is_phrase = self._next[at] - piece.end >= self._rules.phrase_pause_ms
        return min(piece.ends, Break.CLAUSE) if is_phrase else piece.ends

    def width(self, begin: int, end: int) -> int:
        """Columns of pieces ``begin`` to ``end`` in one line; they are at least one."""
        return self._sums[end] - self._sums[begin] - self._spaces[begin]

    def last_end(self, begin: int) -> int:
        """Return where the longest cue that begins here ends, going by its time."""
        return max(begin + 1, bisect_right(self._ends, self._starts[begin] + self._rules.most_ms))

    def fold(self, begin: int, end: int) -> tuple[float, int] | None:
        """Return cost and place of the best line break; None when two lines do not hold it."""
        limit = self._rules.columns
        if self.width(begin, end) <= limit:
            return self._mixed(begin, end, end), end
        sums, spaces = self._sums, self._spaces
        most = sums[begin] + spaces[begin] + limit  # sums[fold] of a first line that is full
        least = sums[end] - limit  # the same, when the second one is
        best: tuple[float, int] | None = None
        for fold in range(bisect_left(sums, least - 1, begin + 1, end), end):
            first = sums[fold]
            if first > most:
                break
            if first + spaces[fold] < least:
                continue  # the second line is too long without its leading space
            uneven = 2 * first - sums[begin] - spaces[begin] - sums[end] + spaces[fold]
            cost = self._folds[fold - 1] + _UNEVEN * uneven * uneven
            cost += self._mixed(begin, fold, end)
            if best is None or cost < best[0]:
                best = (cost, fold)
        return best

    def _mixed(self, begin: int, fold: int, end: int) -> float:
        inside = self._sentences[fold - 1] - self._sentences[begin]
        if end > fold:
            inside += self._sentences[end - 1] - self._sentences[fold]
        return _MIXED if inside else 0.0

    def cost(self, begin: int, end: int) -> float:
        """Return what a cue of these pieces costs, without its line break."""
        rules = self._rules
        width = self.width(begin, end)
        empty = max(0, 2 * rules.columns - width)
        cost = _CUE + self._cuts[end - 1] + _EMPTY * empty * empty
        # Another cue follows at once, so the gap is taken from this one.
        shown = self._next[end - 1] - self._starts[begin] - rules.gap_ms
        lacking = rules.reading_ms(width) - shown
        if lacking > 0:
            cost += _TOO_FAST * lacking / 1000 + _TOO_SHORT * (shown < rules.least_ms)
        return cost
