"""The account of a session's audio: every received sample ends in exactly one column.

``captioned + silent + lost == received`` at the close of a session is a promise of the protocol,
so it is kept as an account that refuses double entries, not as a difference that always adds up.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from enum import Enum
from operator import itemgetter

__all__ = ["Column", "Ledger"]


class Column(Enum):
    """What became of a stretch of audio."""

    CAPTIONED = "captioned"
    SILENT = "silent"
    LOST = "lost"


class Ledger:
    """Settles stretches of [0, received) in any order, each once.

    Args:
        before: samples settled in an earlier life of the session, by column; all of them lie
            before everything that is settled here.
    """

    def __init__(self, before: Mapping[Column, int] | None = None) -> None:
        self._settled = dict.fromkeys(Column, 0) | dict(before or {})
        self._watermark = sum(self._settled.values())
        # Stretches settled ahead of the watermark, disjoint and sorted; few, because only
        # utterances whose final decode is still out hold the watermark back.
        self._ahead: list[tuple[int, int, Column]] = []

    @property
    def watermark(self) -> int:
        """Everything before this absolute sample index is settled."""
        return self._watermark

    def total(self, column: Column) -> int:
        """Samples settled in one column so far."""
        ahead = sum(stop - start for start, stop, of in self._ahead if of is column)
        return self._settled[column] + ahead

    def settled(self, column: Column) -> int:
        """Samples before the watermark in one column."""
        return self._settled[column]

    def settle(self, start: int, stop: int, column: Column) -> None:
        """Enter samples [start, stop) in a column; an empty stretch is no entry.

        Raises:
            ValueError: part of the stretch was settled before, or it runs backwards.
        """
        if start == stop:
            return
        taken = start < self._watermark or any(a < stop and start < b for a, b, _ in self._ahead)
        if taken or stop < start:
            raise ValueError(f"samples [{start}, {stop}) cannot be settled as {column.value}")
        insort(self._ahead, (start, stop, column), key=itemgetter(0))
        while self._ahead and self._ahead[0][0] == self._watermark:
            begin, self._watermark, of = self._ahead.pop(0)
            self._settled[of] += self._watermark - begin
