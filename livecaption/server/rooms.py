"""Rooms: what publishers say, fanned out to any number of subscribers.

An event is encoded once and put into each subscriber's outbox; publishing never waits, so no
reader can delay another. A room exists while somebody publishes into it or reads it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from livecaption.core.audio import seconds
from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    Gap,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.outbox import Outgoing
from livecaption.protocol.codec import encode, room_message
from livecaption.protocol.limits import MAX_WATCH_UNSENT_EVENTS, SNAPSHOT_FINALS
from livecaption.protocol.server_messages import (
    OpenUtterance,
    RoomDelta,
    RoomFinal,
    RoomMessage,
    Snapshot,
    WordMessage,
)
from livecaption.server.outgoing import outgoing_event

__all__ = ["Room", "Rooms", "Speaker", "Subscriber"]

_REPLAY = MAX_WATCH_UNSENT_EVENTS // 2
"""Events held for readers that come back: no more than fit into an outbox at once."""

Subscriber = Callable[[Outgoing], None]
"""Takes a text for one reader; must not wait."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose events these are."""

    session: str
    name: str | None


@dataclass(slots=True)
class _Open:
    """An utterance that has no final yet, as a late joiner must see it."""

    speaker: Speaker
    utterance: int
    start: float
    text: str = ""
    words: tuple[WordMessage, ...] = ()
    partial: str = ""
    revision: int = 0


@dataclass(slots=True, eq=False)
class Room:
    """One room."""

    name: str
    offset: int = 0
    """Of the last numbered event."""
    publishers: int = 0
    subscribers: set[Subscriber] = field(default_factory=set)
    _replay: deque[tuple[int, str]] = field(
        default_factory=lambda: deque(maxlen=MAX_WATCH_UNSENT_EVENTS // 2)
    )
    _finals: deque[RoomFinal] = field(default_factory=lambda: deque(maxlen=SNAPSHOT_FINALS))
    _open: dict[tuple[str, int], _Open] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nobody publishes and nobody reads."""
        return not self.publishers and not self.subscribers

    def publish(self, event: CaptionEvent, speaker: Speaker) -> None:
        """Fan an event out. What concerns only the publisher is not for the room."""
        if isinstance(event, Finalized | SessionClosed):
            return
        numbered = not isinstance(event, Partial)
        if numbered:
            self.offset += 1
        message = room_message(
            event,
            room=self.name,
            session=speaker.session,
            speaker=speaker.name,
            offset=self.offset if numbered else None,
        )
        self._remember(event, speaker, message)
        outgoing = outgoing_event(event, speaker.session, encode(message))
        if numbered:
            self._replay.append((self.offset, outgoing.text))
        for put in self.subscribers:
            put(outgoing)

    def join(self, subscriber: Subscriber, after: int | None) -> None:
        """Add a reader.

        It gets the events after the offset ``after`` when all of them are still held (behind a
        snapshot that is empty, because it has seen the rest); a full snapshot otherwise.
        """
        missed = None if after is None else self._missed_since(after)
        if missed is None:
            subscriber(Outgoing(encode(self.snapshot())))
        else:
            nothing = Snapshot(room=self.name, offset=after or 0, finals=(), open_utterances=())
            subscriber(Outgoing(encode(nothing)))
            for text in missed:
                subscriber(Outgoing(text))
        self.subscribers.add(subscriber)

    def _missed_since(self, after: int) -> list[str] | None:
        held_from = self._replay[0][0] if self._replay else self.offset + 1
        if not held_from - 1 <= after <= self.offset:
            return None
        return [text for offset, text in self._replay if offset > after]

    def abandon(self, session: str) -> None:
        """Forget the open utterances of a session that ended without closing them."""
        for key in [key for key in self._open if key[0] == session]:
            del self._open[key]

    def snapshot(self) -> Snapshot:
        """Return the room as it is now."""
        return Snapshot(
            room=self.name,
            offset=self.offset,
            finals=tuple(self._finals),
            open_utterances=tuple(
                OpenUtterance(
                    session=state.speaker.session,
                    speaker=state.speaker.name,
                    utterance=state.utterance,
                    start=state.start,
                    text=state.text,
                    words=state.words,
                    partial=state.partial,
                    revision=state.revision,
                )
                for state in self._open.values()
            ),
        )

    def _remember(
        self,
        event: UtteranceStarted | Delta | Partial | Final | Gap,
        speaker: Speaker,
        message: RoomMessage,
    ) -> None:
        if isinstance(event, Gap):
            return
        key = (speaker.session, event.utterance)
        match event:
            case UtteranceStarted():
                self._open[key] = _Open(speaker, event.utterance, seconds(event.start))
            case Delta():
                state = self._open[key]
                state.text += event.text
                state.partial = ""
                state.words += message.words if isinstance(message, RoomDelta) else ()
            case Partial():
                state = self._open[key]
                state.partial, state.revision = event.text, event.revision
            case Final():
                self._open.pop(key, None)
                if isinstance(message, RoomFinal) and event.text:
                    self._finals.append(message)
            case _:
                assert_never(event)


class Rooms:
    """All rooms in use, by name.

    Args:
        clock: seconds since the epoch. Offsets of a new room start at the present millisecond,
            so that an offset from a room's earlier life never fits its present one.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._rooms: dict[str, Room] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, name: str) -> Room:
        """Return the room of that name, opening it if needed."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, offset=int(self._clock() * 1000))
        return room

    def release(self, room: Room) -> None:
        """Forget a room that nobody publishes into or reads any more."""
        if room.empty:
            self._rooms.pop(room.name, None)
