"""Turns the state of utterances into caption events, numbered without a gap.

The order inside one call is part of the protocol: started, delta, then the tail that belongs
behind the delta. A delta clears the tail on every screen, so a tail that stays is sent again.
"""

from __future__ import annotations

from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    Gap,
    GapReason,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.hypothesis import Word, text_of
from livecaption.core.ledger import Column, Ledger
from livecaption.core.utterance import Utterance
from livecaption.core.wordlist import NO_WORDS, WordTable

__all__ = ["CaptionPublisher"]


class CaptionPublisher:
    """Collects events until they are drained; what they show has passed the word table.

    Args:
        partials: whether tails are published at all.
        half_heard: see ``StreamingPolicy``.
        seq: number of the last event of an earlier life of the session.
        written: how words are written.
    """

    def __init__(
        self,
        *,
        partials: bool,
        half_heard: int = 0,
        seq: int = 0,
        written: WordTable = NO_WORDS,
    ) -> None:
        self._partials = partials
        self._half_heard = half_heard
        self._seq = seq
        self._written = written
        self._events: list[CaptionEvent] = []

    @property
    def seq(self) -> int:
        """Of the last numbered event."""
        return self._seq

    def drain(self) -> list[CaptionEvent]:
        """Hand out, once, the events since the last call."""
        events, self._events = self._events, []
        return events

    def publish(self, utterance: Utterance) -> tuple[Word, ...]:
        """Publish what is new about an utterance; return the words that became committed."""
        words = self._written.apply(utterance.committed[utterance.published :])
        hidden = utterance.resolved or not self._partials
        tail = self._written.apply(() if hidden else utterance.visible_tail(self._half_heard))
        if words or tail:
            self._announce(utterance)
        if words:
            text = text_of(words)
            if utterance.published == 0:
                text = text.lstrip()
            self._events.append(Delta(self._next_seq(), utterance.number, text, words))
            utterance.published = len(utterance.committed)
            utterance.shown = ""
        self._show(utterance, tail)
        return words

    def end(self, utterance: Utterance) -> None:
        """Publish the final of a resolved utterance, and the gap if part of it was lost."""
        if utterance.announced:
            words = self._written.apply(utterance.committed)
            self._events.append(
                Final(
                    seq=self._next_seq(),
                    utterance=utterance.number,
                    text=text_of(words).lstrip(),
                    start=utterance.onset,
                    stop=max(utterance.committed_stop, utterance.onset),
                    language=utterance.language,
                    speaker=utterance.speaking.speaker,
                    words=words,
                )
            )
        if utterance.gap is not None:
            start, reason = utterance.gap
            self.gap(start, utterance.stop, reason)

    def gap(self, start: int, stop: int, reason: GapReason) -> None:
        """Publish that samples [start, stop) are lost."""
        self._events.append(Gap(self._next_seq(), start, stop, reason))

    def finalized(self) -> None:
        """Publish that all before a client's ``finalize`` is out."""
        self._events.append(Finalized())

    def closed(self, reason: str, received: int, ledger: Ledger) -> None:
        """Publish the session's account."""
        self._events.append(
            SessionClosed(
                reason=reason,
                received=received,
                captioned=ledger.total(Column.CAPTIONED),
                silent=ledger.total(Column.SILENT),
                lost=ledger.total(Column.LOST),
            )
        )

    def _announce(self, utterance: Utterance) -> None:
        if not utterance.announced:
            utterance.announced = True
            self._events.append(
                UtteranceStarted(
                    self._next_seq(),
                    utterance.number,
                    utterance.onset,
                    utterance.speaking.speaker,
                )
            )

    def _show(self, utterance: Utterance, tail: tuple[Word, ...]) -> None:
        text = text_of(tail)
        if not utterance.published:
            text = text.lstrip()
        if text == utterance.shown or utterance.resolved:
            return
        utterance.shown = text
        utterance.revision += 1
        self._events.append(Partial(utterance.number, utterance.revision, text, tail))

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq
