"""Which door a connection came to, and the counting of those who are turned away there."""

from __future__ import annotations

import logging

from starlette.types import Scope

from livecaption.metrics.meters import Door, Meters

__all__ = ["door_of", "meters_of", "note_refusal"]

logger = logging.getLogger(__name__)

_BY_PATH = {"/ws/publish": Door.PUBLISH, "/ws/watch": Door.WATCH}


def door_of(scope: Scope) -> Door:
    """Return the door of a connection; a socket that is no reader's is a publisher's."""
    path = scope["path"]
    if scope["type"] == "websocket":
        return _BY_PATH.get(path, Door.PUBLISH)
    return Door.EVENTS if path.startswith("/v1/rooms/") and path.endswith("/events") else Door.HTTP


def meters_of(scope: Scope) -> Meters:
    """Return where the server counts; routes that run without one count for nobody."""
    meters: Meters = getattr(scope["app"].state, "meters", None) or Meters()
    return meters


def note_refusal(scope: Scope, code: str) -> None:
    """Count and log that somebody was turned away; ``code`` is that of the answer."""
    door = door_of(scope)
    meters_of(scope).refused(door, code)
    logger.info("refused: %s", code, extra={"door": str(door), "code": code})
