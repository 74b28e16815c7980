"""Utterances on their way out: published strictly in the order they were spoken.

The closing decode of one utterance may return after the next utterance has ended. Readers get
finals in order all the same; a client's ``finalize`` and the end of the session are places in
that order too. Publishing an end also settles its audio in the ledger.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from livecaption.core.captions import GapReason
from livecaption.core.ledger import Column, Ledger
from livecaption.core.publisher import CaptionPublisher
from livecaption.core.utterance import Utterance

__all__ = ["EndingQueue"]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A client's ``finalize``, or the end of the session with its reason."""

    closing: str | None = None


@dataclass(frozen=True, slots=True)
class _Missing:
    """Audio that never came."""

    start: int
    stop: int
    reason: GapReason


class EndingQueue:
    """Closed utterances whose last words may still be missing, oldest first.

    Args:
        publisher: takes the events.
        ledger: takes the audio.
    """

    def __init__(self, publisher: CaptionPublisher, ledger: Ledger) -> None:
        self._publisher = publisher
        self._ledger = ledger
        self._waiting: deque[Utterance | _Mark | _Missing] = deque()

    def __iter__(self) -> Iterator[Utterance]:
        return (item for item in self._waiting if isinstance(item, Utterance))

    def append(self, utterance: Utterance) -> None:
        """Queue a closed utterance."""
        self._waiting.append(utterance)

    def mark_finalized(self) -> None:
        """Answer a ``finalize`` once everything queued so far is published."""
        self._waiting.append(_Mark())

    def mark_gap(self, start: int, stop: int, reason: GapReason) -> None:
        """Say behind everything queued so far that samples [start, stop) never came."""
        self._waiting.append(_Missing(start, stop, reason))

    def mark_end(self, reason: str) -> None:
        """Close the account once everything queued so far is published."""
        self._waiting.append(_Mark(reason))

    def find(self, number: int) -> Utterance | None:
        """Return the queued utterance of that number."""
        return next((utterance for utterance in self if utterance.number == number), None)

    def publish(self, received: int, on_end: Callable[[Utterance], None]) -> None:
        """Publish from the front as far as everything is known.

        Args:
            received: samples received by the session so far.
            on_end: called for each utterance just before its final is published. It is not kept:
                a queue and an owner that hold each other would outlive their session, and its
                audio with them, until the garbage collector comes by.
        """
        while self._waiting:
            item = self._waiting[0]
            if isinstance(item, Utterance) and not item.resolved:
                return
            self._waiting.popleft()
            if isinstance(item, Utterance):
                on_end(item)
                self._end(item)
            elif isinstance(item, _Missing):
                self._publisher.gap(item.start, item.stop, item.reason)
            elif item.closing is None:
                self._publisher.finalized()
            else:
                self._publisher.closed(item.closing, received, self._ledger)

    def _end(self, utterance: Utterance) -> None:
        stop = utterance.settled_until
        lost_from = stop if utterance.gap is None else utterance.gap[0]
        column = Column.CAPTIONED if utterance.committed else Column.SILENT
        self._ledger.settle(utterance.start, lost_from, column)
        self._ledger.settle(lost_from, stop, Column.LOST)
        self._publisher.end(utterance)
