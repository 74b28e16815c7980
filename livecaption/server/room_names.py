"""Which room a request is about."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from livecaption.protocol.limits import DEFAULT_ROOM, MAX_ROOM_CHARS
from livecaption.server.answers import refusal

__all__ = ["ROOM_RULE", "is_room", "room_of"]

ROOM_RULE = f"A room name has 1 to {MAX_ROOM_CHARS} letters, digits, hyphens or underscores."

_ROOM = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}")


def is_room(name: str) -> bool:
    """Whether a room may have this name."""
    return _ROOM.fullmatch(name) is not None


def room_of(request: HTTPConnection) -> str | JSONResponse:
    """Return the room of a path with ``{room}``, or the answer that refuses its name."""
    name = str(request.path_params.get("room", DEFAULT_ROOM))
    return name if is_room(name) else refusal(400, "bad_room", ROOM_RULE)
