"""Servers that send their whole text again and again: what is new in it, and what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from livecaption.bench.caption_log import CaptionLog

__all__ = ["TextMirror"]


@dataclass
class TextMirror:
    """Enters a server's text, given as committed words and a tail, into a log."""

    committed: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)

    def update(
        self, log: CaptionLog, committed: Sequence[str], tail: Sequence[str], now: float
    ) -> None:
        """Take the text as it is now."""
        kept = 0
        while kept < min(len(committed), len(self.committed)):
            if committed[kept] != self.committed[kept]:
                break
            kept += 1
        if kept < len(self.committed):
            log.retract(0, kept)
        fresh = list(committed[kept:])
        if fresh:
            log.commit(0, fresh, now)
        if fresh or list(tail) != self.tail:
            log.show(0, tail, now)
        self.committed, self.tail = list(committed), list(tail)

    def commit_tail(self, log: CaptionLog, now: float) -> None:
        """Count the last tail as committed: what a reader is left with when the server ends."""
        if self.tail:
            log.commit(0, self.tail, now)
        self.tail = []
