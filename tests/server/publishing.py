"""Events into a room, as if they had been stored."""

from __future__ import annotations

from livecaption.core.captions import CaptionEvent
from livecaption.server.room import Room, Speaker

__all__ = ["publish"]


def publish(room: Room, event: CaptionEvent, speaker: Speaker) -> None:
    """Stamp an event and deliver it."""
    stamped = room.stamp(event, speaker)
    if stamped is not None:
        room.deliver(stamped)
