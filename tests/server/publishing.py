"""Events into a room, as if they had been stored."""

from __future__ import annotations

from livecaption.core.captions import CaptionEvent
from livecaption.server.room import Room, Speaker
from livecaption.server.rooms import Rooms
from livecaption.storage.records import RoomTail

__all__ = ["new_rooms", "publish"]


def publish(room: Room, event: CaptionEvent, speaker: Speaker) -> None:
    """Stamp an event and deliver it."""
    stamped = room.stamp(event, speaker)
    if stamped is not None:
        room.deliver(stamped)


def new_rooms() -> Rooms:
    """Rooms of which nothing is stored."""

    async def recall(room: str) -> RoomTail:
        return RoomTail(offset=0, finals=(), events=())

    return Rooms(recall)
