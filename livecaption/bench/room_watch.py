"""When a room hands out its events: the other end of what its readers measure.

Joined before every reader, it is the first to be handed each event, so that what it notes is the
moment at which the room began to fan the event out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from livecaption.core.outbox import Outgoing
from livecaption.server.room import Room

__all__ = ["HandedOut", "RoomWatch"]


@dataclass(frozen=True, slots=True)
class HandedOut:
    """An event as the room hands it out."""

    at: float
    """Seconds since the epoch: the clock by which a kernel stamps what arrives."""
    text: str


class RoomWatch:
    """See the module; must join the room before its readers do.

    Args:
        room: is held open by whoever makes this.
        clock: seconds since the epoch.
    """

    def __init__(self, room: Room, clock: Callable[[], float] = time.time) -> None:
        self._room = room
        self._clock = clock
        self._handed_out: list[HandedOut] = []
        room.join(self._take, None)
        self._handed_out.clear()

    @property
    def readers(self) -> int:
        """How many others read the room."""
        return len(self._room.subscribers) - 1

    def drain(self) -> list[HandedOut]:
        """Return, once, what was handed out since the last call."""
        handed_out, self._handed_out = self._handed_out, []
        return handed_out

    def _take(self, outgoing: Outgoing) -> None:
        self._handed_out.append(HandedOut(self._clock(), outgoing.text))
