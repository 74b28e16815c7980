"""The rooms in use, by name.

A room is in memory while somebody publishes into it or reads it; what is stored of it comes back
when it opens again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

from livecaption.server.room import Room
from livecaption.storage.records import RoomTail

__all__ = ["Rooms"]


class Rooms:
    """All rooms in use, by name.

    Args:
        recall: reads what is stored of a room: its last finals and events.
        clock: seconds since the epoch. Offsets of a new room start at the present millisecond,
            so that an offset from an earlier life that is forgotten never fits the present one.
    """

    def __init__(
        self,
        recall: Callable[[str], Awaitable[RoomTail]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._recall = recall
        self._clock = clock
        self._rooms: dict[str, Room] = {}
        self._opening = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        return iter(tuple(self._rooms.values()))

    def find(self, name: str) -> Room | None:
        """Return the room of that name if it is in use."""
        return self._rooms.get(name)

    async def open(self, name: str) -> Room:
        """Return the room of that name, with what it remembers; ``release`` it when done.

        Raises:
            sqlite3.Error: what is stored cannot be read.
        """
        # One at a time: two that open the same room must get the same one.
        async with self._opening:
            room = self._rooms.get(name)
            if room is None:
                tail = await self._recall(name)
                room = Room(name, offset=tail.offset or int(self._clock() * 1000))
                room.recall(tail)
                self._rooms[name] = room
            room.users += 1
            return room

    def release(self, room: Room) -> None:
        """Let go of a room that was opened; the last one out closes it."""
        room.users -= 1
        if not room.users:
            del self._rooms[room.name]
