"""The account of a session's audio: every received sample ends in exactly one column.

``captioned + silent + lost == received`` at the close of a session is a promise of the protocol,
so it is kept as an account that refuses double entries, not as a difference that always adds up.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Column", "Ledger"]


class Column(Enum):
    """What became of a stretch of audio."""

    CAPTIONED = "captioned"
    SILENT = "silent"
    LOST = "lost"


class Ledger:
    """Settles stretches of [0, received) in any order, each once."""

    def __init__(self) -> None:
        self._totals = dict.fromkeys(Column, 0)
        self._watermark = 0
        # Stretches settled ahead of the watermark, disjoint and sorted; few, because only
        # utterances whose final decode is still out hold the watermark back.
        self._ahead: list[tuple[int, int]] = []

    @property
    def watermark(self) -> int:
        """Everything before this absolute sample index is settled."""
        return self._watermark

    def total(self, column: Column) -> int:
        """Samples settled in one column so far."""
        return self._totals[column]

    def settle(self, start: int, stop: int, column: Column) -> None:
        """Enter samples [start, stop) in a column; an empty stretch is no entry.

        Raises:
            ValueError: part of the stretch was settled before, or it runs backwards.
        """
        if start == stop:
            return
        taken = start < self._watermark or any(a < stop and start < b for a, b in self._ahead)
        if taken or stop < start:
            raise ValueError(f"samples [{start}, {stop}) cannot be settled as {column.value}")
        self._totals[column] += stop - start
        self._ahead.append((start, stop))
        self._ahead.sort()
        while self._ahead and self._ahead[0][0] == self._watermark:
            self._watermark = self._ahead.pop(0)[1]
