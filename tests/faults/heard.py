"""What a publisher got to see over all its connections, held against what the protocol promises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from livecaption.client.events import NumberedEvent, Reconnecting, SessionEvent, Withdrawn
from livecaption.protocol.server_messages import (
    Closed,
    DeltaMessage,
    FinalMessage,
    GapMessage,
    Ready,
    UtteranceStartedMessage,
    WordMessage,
)

__all__ = ["Heard"]


@dataclass
class Heard:
    """Takes a publisher's events as they come.

    Args:
        clock: seconds.
    """

    clock: Callable[[], float]
    broken: list[str] = field(default_factory=list)
    """Promises that were not kept, in words."""
    numbered: dict[tuple[str, int], NumberedEvent] = field(default_factory=dict)
    """All numbered events, by session and ``seq``."""
    finals: list[FinalMessage] = field(default_factory=list)
    gaps: list[GapMessage] = field(default_factory=list)
    readies: list[tuple[float, Ready]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    """When the client noticed that its connection is gone."""
    arrivals: list[float] = field(default_factory=list)
    """When anything came from the server."""
    committed: int = 0
    """Words in deltas so far."""
    withdrawn: int = 0
    closed: Closed | None = None
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _seq: int = 0
    _open: dict[int, str] = field(default_factory=dict)
    _ended: set[int] = field(default_factory=set)

    async def greeted(self, before: int) -> None:
        """Wait for more than ``before`` answers to ``start``."""
        while len(self.readies) <= before:
            self._moved.clear()
            await self._moved.wait()

    def take(self, event: SessionEvent) -> None:
        """Learn of the next event."""
        now = self.clock()
        if isinstance(event, Reconnecting):
            self.losses.append(now)
            return
        if isinstance(event, Withdrawn):
            self.withdrawn += 1
            self._open.pop(event.utterance, None)
            return
        self.arrivals.append(now)
        match event:
            case Ready():
                self._greet(now, event)
            case UtteranceStartedMessage() | DeltaMessage() | FinalMessage() | GapMessage():
                self._count(event)
                self._follow(event)
            case Closed():
                self.closed = event
                self._expect(not self._open, f"utterances {sorted(self._open)} have no final")
            case _:
                pass

    @property
    def text(self) -> str:
        """All finals, in the order in which they came."""
        return " ".join(final.text for final in self.finals if final.text)

    @property
    def words(self) -> list[WordMessage]:
        """All words of all finals."""
        return [word for final in self.finals for word in final.words]

    @property
    def sessions(self) -> int:
        """How many there were; more than one when the server could not resume."""
        return sum(not ready.resumed for _, ready in self.readies)

    @property
    def lost_s(self) -> float:
        """Seconds of audio declared as gaps."""
        return sum(gap.to - gap.from_ for gap in self.gaps)

    def _greet(self, now: float, ready: Ready) -> None:
        self.readies.append((now, ready))
        self._moved.set()
        if not ready.resumed:
            self._seq = 0
            self._open.clear()
            self._ended.clear()

    def _count(self, event: NumberedEvent) -> None:
        self._expect(event.seq == self._seq + 1, f"seq {event.seq} follows {self._seq}")
        self._seq = event.seq
        session = self.readies[-1][1].session
        self.numbered[session, event.seq] = event

    def _follow(self, event: NumberedEvent) -> None:
        match event:
            case UtteranceStartedMessage(utterance=number):
                known = number in self._open or number in self._ended
                self._expect(not known, f"utterance {number} starts again")
                self._open[number] = ""
            case DeltaMessage(utterance=number):
                self._expect(number in self._open, f"a delta of utterance {number}, not open")
                self._open[number] = self._open.get(number, "") + event.text
                self.committed += len(event.words)
            case FinalMessage(utterance=number):
                committed = self._open.pop(number, None)
                self._expect(
                    committed == event.text, f"the final of utterance {number} is not its deltas"
                )
                self._ended.add(number)
                self.finals.append(event)
            case GapMessage():
                self.gaps.append(event)

    def _expect(self, kept: bool, otherwise: str) -> None:
        if not kept:
            self.broken.append(otherwise)
