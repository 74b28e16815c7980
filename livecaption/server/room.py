"""A room: what its publishers say, fanned out to any number of subscribers.

An event is stamped (it gets its place in the room), stored by whoever publishes, and delivered:
encoded once and put into each subscriber's outbox. Delivering never waits, so no reader can delay
another. It must not know where its past is stored.
"""

from __future__ import annotations

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
from livecaption.core.timeline import iso_time
from livecaption.protocol.codec import RoomOrigin, decode_server, encode, room_message
from livecaption.protocol.limits import MAX_WATCH_UNSENT_EVENTS, SNAPSHOT_FINALS
from livecaption.protocol.server_messages import (
    OpenUtterance,
    Presence,
    RoomDelta,
    RoomFinal,
    RoomMessage,
    Snapshot,
    WordMessage,
)
from livecaption.server.outgoing import outgoing_event
from livecaption.storage.records import RoomTail

__all__ = ["Room", "Speaker", "Stamped", "Subscriber"]

_REPLAY = MAX_WATCH_UNSENT_EVENTS // 2
"""Events held for readers that come back: no more than fit into an outbox at once."""

Subscriber = Callable[[Outgoing], None]
"""Takes a text for one reader; must not wait."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose events these are."""

    session: str
    name: str | None
    started_at: float
    """Wall-clock time of the session's sample 0, seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event with its place in the room, not shown yet."""

    event: UtteranceStarted | Delta | Partial | Final | Gap
    speaker: Speaker
    message: RoomMessage
    text: str
    """The message, JSON."""
    offset: int | None
    """None for a partial."""


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
    """Of the last numbered event that was stamped."""
    attached: set[str] = field(default_factory=set)
    """Sessions with a live connection."""
    detached: set[str] = field(default_factory=set)
    """Sessions whose connection was lost and which may be resumed."""
    subscribers: dict[Subscriber, None] = field(default_factory=dict)
    """Readers in the order in which they joined, and in which they are handed events."""
    _replay: deque[tuple[int, str]] = field(
        default_factory=lambda: deque(maxlen=MAX_WATCH_UNSENT_EVENTS // 2)
    )
    _finals: deque[RoomFinal] = field(default_factory=lambda: deque(maxlen=SNAPSHOT_FINALS))
    _open: dict[tuple[str, int], _Open] = field(default_factory=dict)
    guests: dict[Callable[[], None], str] = field(default_factory=dict)
    """How to send readers away who came with a link, and its id."""
    users: int = 0
    """Publishers and readers that hold it open; kept by ``Rooms``."""
    _delivered: int = 0
    """Offset of the last event that readers have been handed."""

    def __post_init__(self) -> None:
        self._delivered = self.offset

    def stamp(self, event: CaptionEvent, speaker: Speaker) -> Stamped | None:
        """Give an event its place in the room; None for what concerns only the publisher.

        Every stamped event must be delivered, in the same order.
        """
        if isinstance(event, Finalized | SessionClosed):
            return None
        offset = None
        if not isinstance(event, Partial):
            self.offset += 1
            offset = self.offset
        origin = RoomOrigin(self.name, speaker.session, speaker.name, speaker.started_at)
        message = room_message(event, origin, offset)
        return Stamped(event, speaker, message, encode(message), offset)

    def deliver(self, stamped: Stamped) -> None:
        """Fan an event out."""
        self._remember(stamped)
        if stamped.offset is not None:
            self._replay.append((stamped.offset, stamped.text))
            self._delivered = stamped.offset
        self._fan_out(outgoing_event(stamped.event, stamped.speaker.session, stamped.text))

    def attach(self, session: str) -> None:
        """A publisher is there, or is back."""
        self.detached.discard(session)
        self.attached.add(session)
        self._show_presence()

    def detach(self, session: str) -> None:
        """A publisher's connection is gone; it may come back."""
        self.attached.discard(session)
        self.detached.add(session)
        self._show_presence()

    def leave(self, session: str) -> None:
        """A publisher has ended; what it left open is forgotten."""
        self.attached.discard(session)
        self.detached.discard(session)
        for key in [key for key in self._open if key[0] == session]:
            del self._open[key]
        self._show_presence()

    @property
    def delivered(self) -> int:
        """Offset of the last event that readers have been handed."""
        return self._delivered

    def evict(self, link: str | None) -> None:
        """Send readers away who came with a link: with this one, or with any."""
        for guest, theirs in tuple(self.guests.items()):
            if link in (None, theirs):
                guest()

    def forget(self) -> None:
        """Forget what was said; what is said from now on is kept again."""
        self._replay.clear()
        self._finals.clear()

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
        subscriber(Outgoing(encode(self.presence()), key="presence"))
        self.subscribers[subscriber] = None

    def part(self, subscriber: Subscriber) -> None:
        """Take a reader out; one that never joined is no error."""
        self.subscribers.pop(subscriber, None)

    def _missed_since(self, after: int) -> list[str] | None:
        held_from = self._replay[0][0] if self._replay else self._delivered + 1
        if not held_from - 1 <= after <= self._delivered:
            return None
        return [text for offset, text in self._replay if offset > after]

    def recall(self, tail: RoomTail) -> None:
        """Remember what was said in an earlier life of the room."""
        self.offset = self._delivered = max(self.offset, tail.offset)
        for offset, text in tail.events:
            self._replay.append((offset, text))
        for text in tail.finals:
            final = decode_server(text)
            if isinstance(final, RoomFinal) and final.text:
                self._finals.append(final)

    def presence(self) -> Presence:
        """Return who speaks in the room."""
        return Presence(room=self.name, publishers=len(self.attached), detached=len(self.detached))

    def snapshot(self) -> Snapshot:
        """Return the room as it is now."""
        return Snapshot(
            room=self.name,
            offset=self._delivered,
            finals=tuple(self._finals),
            open_utterances=tuple(
                OpenUtterance(
                    session=state.speaker.session,
                    speaker=state.speaker.name,
                    started_at=iso_time(state.speaker.started_at),
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

    def _fan_out(self, outgoing: Outgoing) -> None:
        for put in self.subscribers:
            put(outgoing)

    def _show_presence(self) -> None:
        self._fan_out(Outgoing(encode(self.presence()), key="presence"))

    def _remember(self, stamped: Stamped) -> None:
        event, speaker, message = stamped.event, stamped.speaker, stamped.message
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
