"""``POST /v1/tokens``: a key for one socket, for a minute, in exchange for a lasting one."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption.access.roles import Role
from livecaption.errors import ClientError, NotAllowed
from livecaption.protocol.limits import DEFAULT_ROOM, MAX_ROOM_CHARS
from livecaption.server.doorkeeper import Doorkeeper, principal_of
from livecaption.server.room_requests import with_refusals

__all__ = ["token_routes"]

_MOST_BYTES = 4096
_ORIGIN = re.compile(r"https?://[^/?#@\s]+", re.ASCII)


class TokenWish(BaseModel):
    """What the body asks for."""

    model_config = ConfigDict(strict=True, extra="forbid")

    room: Annotated[str, Field(pattern=rf"^[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}$")] = DEFAULT_ROOM
    role: Literal["publish", "watch"] = "publish"
    origin: Annotated[str | None, Field(max_length=255)] = None
    """Of the page that will use it, when a server asks on its behalf."""


async def make_token(request: Request) -> Response:
    """Answer with a token for what the body asks."""
    keeper: Doorkeeper = request.app.state.doorkeeper
    wish = await _wish(request)
    origin = _origin(request, wish)
    token = keeper.new_token(principal_of(request), Role(wish.role), wish.room, origin)
    answer = {
        "token": token,
        "expires_in_s": keeper.token_s,
        "room": wish.room,
        "role": wish.role,
    }
    return JSONResponse(answer, 201, headers={"Cache-Control": "no-store"})


async def _wish(request: Request) -> TokenWish:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise ClientError(f"The body may have {_MOST_BYTES} bytes.")
    try:
        return TokenWish.model_validate_json(body or b"{}")
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ClientError(f"{where}: {first['msg']}.") from None


def _origin(request: Request, wish: TokenWish) -> str:
    """Return the origin that the token is bound to; empty for a program that sends none."""
    shown = request.headers.get("origin", "").lower()
    wished = wish.origin.lower().rstrip("/") if wish.origin else None
    if wished is not None and not _ORIGIN.fullmatch(wished):
        raise ClientError("origin: write one like https://captions.example.")
    if shown and wished not in (None, shown):
        raise NotAllowed("A page can have tokens for itself only.", code="bad_origin")
    return shown or wished or ""


token_routes = [Route("/v1/tokens", with_refusals(make_token), methods=["POST"])]
"""To be put among the application's routes."""
