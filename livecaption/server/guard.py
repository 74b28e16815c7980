"""What every request passes first: Host, Origin, and the security headers of every answer.

CORS middleware does not see WebSockets, and a loopback server is reachable from every page its
user opens; so ``Origin`` is compared with our own before a socket is accepted, and ``Host`` is
checked against DNS rebinding: a name whose owner lets it point to us for a moment, so that a page
of theirs counts as ours. Addresses cannot be rebound; names must be known.
"""

from __future__ import annotations

import ipaddress
import socket

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livecaption.server.answers import refusal
from livecaption.server.doors import note_refusal
from livecaption.server.own_origins import OwnOrigins
from livecaption.settings import Settings, is_loopback

__all__ = ["LOOPBACK_NAMES", "Guard", "failed", "host_of"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; connect-src 'self'{sockets}; "
    "img-src 'self' data:; media-src blob:; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ANY_HOST = "*"
_BAD_HOST = (
    "This server does not answer to that host name; its operator can add it with --allowed-host."
)
_BAD_ORIGIN = (
    "Pages of other sites may not connect; the operator can allow one with --allowed-origin."
)


def host_of(authority: str) -> str:
    """Return the host of ``host:port``, brackets kept, lower case."""
    if authority.startswith("["):
        return authority.partition("]")[0].lower() + "]"
    return authority.partition(":")[0].lower()


def is_address(host: str) -> bool:
    """Whether the host of an authority is an IP address, not a name."""
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def own_names() -> frozenset[str]:
    """Return the names that this machine gives itself."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"}) - {"", ".local"}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origins = OwnOrigins(settings.allowed_origins)
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._takes_addresses = not is_loopback(settings.host)
        if is_loopback(settings.host):
            self._hosts |= LOOPBACK_NAMES
        elif not self._hosts:
            self._hosts = LOOPBACK_NAMES | own_names()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer refused requests, pass on the others."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        complaint = self._complaint(host, headers.get("origin"))
        # Pages of other sites may look at pages, which browsers do not let them read.
        harmless = scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if complaint is not None and not (harmless and complaint[0] == 403):
            note_refusal(scope, complaint[1])
            # A host that is not ours has no place in our headers.
            await refusal(*complaint)(scope, receive, _with_headers(scope, "", send))
            return
        await self._app(scope, receive, _with_headers(scope, host, send))

    def _complaint(self, host: str, origin: str | None) -> tuple[int, str, str] | None:
        if not self._answers_to(host_of(host)):
            return 400, "bad_host", _BAD_HOST
        if origin is None or self._origins.include(origin, host):
            return None
        return 403, "bad_origin", _BAD_ORIGIN

    def _answers_to(self, host: str) -> bool:
        if host in self._hosts or _ANY_HOST in self._hosts:
            return True
        # Who is reached by an address was not led here by a name that somebody else owns.
        return self._takes_addresses and is_address(host)


async def failed(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's
    """Answer where a fault of ours ended a request; this comes past every middleware."""
    answer = refusal(500, "internal", "A fault of ours; its traceback is in the server's log.")
    answer.headers.update(_headers(request.scope, request.headers.get("host", "")))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _with_headers(scope: Scope, host: str, send: Send) -> Send:
    """Add the security headers to the start of every HTTP answer."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            headers.update(_headers(scope, host))
            headers.setdefault("Cache-Control", "no-cache")
        await send(message)

    return send_with_headers


def _headers(scope: Scope, host: str) -> dict[str, str]:
    overlay = scope["path"].startswith("/overlay/")
    # Safari before 15.4 does not count WebSockets as 'self'. OBS injects its user's
    # custom CSS as a style element.
    sockets = f" ws://{host} wss://{host}" if host else ""
    # The overlay hands captions to OBS, which listens where the page is.
    sockets += " ws://127.0.0.1:*" if overlay else ""
    styles = " 'unsafe-inline'" if overlay else ""
    return {
        "Content-Security-Policy": _POLICY.format(styles=styles, sockets=sockets),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "microphone=(self), camera=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
