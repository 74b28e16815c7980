"""What HTTP requests about one room have in common: its name, refusals, readers on other sites."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from livecaption.errors import ClientError, Overloaded
from livecaption.protocol.limits import MAX_ROOM_CHARS
from livecaption.server.answers import answer_to
from livecaption.server.answers import refusal as answered
from livecaption.settings import Settings

__all__ = [
    "ROOM_RULE",
    "Refusal",
    "cross_origin_headers",
    "is_room",
    "room_of",
    "whole_number",
    "with_refusals",
]

Handler = Callable[[Request], Awaitable[Response]]

ROOM_RULE = f"A room name has 1 to {MAX_ROOM_CHARS} letters, digits, hyphens or underscores."

_ROOM = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}")


class Refusal(ClientError):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status of the answer.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def with_refusals(handler: Handler) -> Handler:
    """Answer what a handler refuses, as ``{"error": {"code", "message"}}``."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return answered(refusal.status, refusal.code, str(refusal))
        except (ClientError, Overloaded) as error:
            return answer_to(error)

    return answer


def is_room(name: str) -> bool:
    """Whether a room may have this name."""
    return _ROOM.fullmatch(name) is not None


def room_of(request: Request) -> str:
    """Return the room that the path names.

    Raises:
        Refusal: no room can have that name.
    """
    name: str = request.path_params["room"]
    if not is_room(name):
        raise Refusal(400, "bad_room", ROOM_RULE)
    return name


def whole_number(request: Request, name: str, *, least: int, most: int, usual: int) -> int:
    """Return a whole number from the query string.

    Raises:
        Refusal: it is none, or out of range.
    """
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
        sentence = f"{name} must be a whole number from {least} to {most}."
        raise Refusal(400, "bad_request", sentence)
    return int(text)


def cross_origin_headers(request: Headers, settings: Settings) -> dict[str, str]:
    """Return the headers that let the pages of ``allowed_origins`` read an answer."""
    origin = request.get("origin", "")
    allowed = {each.lower().rstrip("/") for each in settings.allowed_origins}
    if origin.lower() not in allowed:
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}
