"""The QR code of a room's viewer page: what an audience scans from a wall or a slide.

The picture is drawn here, so that no page needs a library for it. The server cannot know by which
address it is reached, unless a trusted proxy tells it: behind one that ends TLS it sees plain HTTP.
The page knows, and says so; it is believed as far as its WebSocket would be, or the code could be
made to lead anywhere.
"""

from __future__ import annotations

import io
import re

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption.protocol.limits import MAX_ROOM_CHARS
from livecaption.server.doorkeeper import link_shown, origin_of
from livecaption.server.own_origins import OwnOrigins
from livecaption.settings import Settings

__all__ = ["qr_svg", "routes", "viewer_address"]

_ROOM = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}", re.ASCII)
_ORIGIN = re.compile(r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?", re.ASCII)
_QUIET_EDGE = 2
"""Modules of free space around the code; the page that shows it adds more."""


def viewer_address(origin: str, room: str) -> str:
    """Return the address of a room's viewer page."""
    return f"{origin}/watch/{room}"


def qr_svg(address: str) -> bytes:
    """Draw an address as an SVG of dark modules on white that scales to any size."""
    picture = io.BytesIO()
    # Medium correction: a code on a slide is photographed from afar and aslant.
    segno.make(address, error="m", micro=False).save(
        picture,
        kind="svg",
        border=_QUIET_EDGE,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
    )
    return picture.getvalue()


def _origin(request: Request, settings: Settings) -> str | None:
    """The origin that the page is open at; None when it names one that is not ours."""
    host = request.headers.get("host", "")
    asked = request.query_params.get("origin", origin_of(request)).lower()
    ours = OwnOrigins(settings.allowed_origins).include(asked, host)
    return asked if ours and _ORIGIN.fullmatch(asked) else None


async def _qr(request: Request) -> Response:
    """``GET /v1/rooms/{room}/qr.svg?origin=ORIGIN``: the code of the room's viewer page.

    With a viewer link as its credential, the code leads there with that link.
    """
    room = request.path_params["room"]
    if _ROOM.fullmatch(room) is None:
        return _refusal(404, "bad_room", "A room's name has 1 to 64 of A-Z a-z 0-9 _ -.")
    origin = _origin(request, request.app.state.hub.settings)
    if origin is None:
        return _refusal(400, "bad_origin", "The origin must be the address of this server.")
    address = viewer_address(origin, room)
    link = link_shown(request)
    if link is not None:  # whoever scans the code comes in with the link that drew it
        address = f"{address}#t={link}"
    headers = {"Cache-Control": "no-store"} if link else {}
    return Response(qr_svg(address), media_type="image/svg+xml", headers=headers)


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


routes = [Route("/v1/rooms/{room}/qr.svg", _qr)]
"""To be put among the application's routes."""
