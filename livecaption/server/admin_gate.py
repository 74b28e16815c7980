"""Who may look behind the counter: the one place where the role of these routes is named.

Without keys there is nobody to tell from another. Whoever sits at the machine may then administer
it: a server bound to loopback, spoken to under a loopback name. A request that came through a proxy
names the proxy's host and is refused, as is everything on a server open to the network.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from livecaption.server.answers import refusal
from livecaption.server.doors import note_refusal
from livecaption.server.guard import LOOPBACK_NAMES, host_of
from livecaption.server.hub import CaptionHub
from livecaption.settings import Settings, is_loopback

__all__ = ["ADMIN", "admin_only"]

ADMIN = "admin"
"""The role that ``/metrics``, ``/admin`` and ``/v1/admin`` ask for."""

Handler = Callable[[Request], Awaitable[Response]]

_REFUSED = (
    f"This needs the role {ADMIN}. Without keys it is for the machine the server runs on: "
    "bind 127.0.0.1, and ask under http://localhost; see docs/monitoring.md."
)


def admin_only(handler: Handler) -> Handler:
    """Answer 403 to everybody but those with the role ``ADMIN``."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        hub: CaptionHub = request.app.state.hub
        if not _is_admin(request, hub.settings):
            note_refusal(request.scope, "not_allowed")
            return refusal(403, "not_allowed", _REFUSED)
        return await handler(request)

    return answer


def _is_admin(request: Request, settings: Settings) -> bool:
    return is_loopback(settings.host) and host_of(request.headers.get("host", "")) in LOOPBACK_NAMES
