"""One line for each request and each socket, and the id that ties all its lines together.

In place of uvicorn's access log, which writes addresses down as they came, query string included.
Here a line has the route (``/watch/{room}``), a tag for the room, and of the query string only what
is known to be harmless. A client may bring its own ``X-Request-Id``; every answer carries one.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livecaption.logs import REQUEST, room_tag
from livecaption.server.doorkeeper import Doorkeeper
from livecaption.server.doors import meters_of

__all__ = ["HEADER", "AccessLog"]

logger = logging.getLogger(__name__)

HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static")
"""Asked for all the time, or in heaps: worth a line only to those who look closely."""
_HARMLESS = frozenset({"format", "after", "limit", "offset", "lang", "words"})
_MOST_QUERY = 8
_NOT_READY = 503
_CLIENT_LEFT = 499
"""nginx's word for a client that was gone before the answer."""


class AccessLog:
    """ASGI middleware, outside of all others, so that it sees refusals, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then write its line."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = _request_id(Headers(scope=scope).get(HEADER, ""))
        token = REQUEST.set(request)
        answer = _Answer(request, time.monotonic())
        try:
            await self._app(scope, receive, answer.watching(send))
        except BaseException:
            answer.status = answer.status or 500
            raise
        finally:
            answer.write(scope)
            REQUEST.reset(token)


@dataclass(slots=True)
class _Answer:
    request: str
    began: float
    status: int = 0
    close: int | None = None
    size: int = 0
    streams: bool = False

    def watching(self, send: Send) -> Send:
        async def watched(message: Message) -> None:
            if message["type"] != "websocket.send":  # each caption to each reader
                self.see(message)
            await send(message)

        return watched

    def see(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = self.request
                self.streams = headers.get("content-type", "").startswith("text/event-stream")
            case "websocket.accept":
                self.status = 101
                MutableHeaders(scope=message)[HEADER] = self.request
            case "websocket.close":
                self.close = message.get("code", 1000)
                # Closing before accepting is how ASGI refuses an upgrade.
                self.status = self.status or 403
            case "http.response.body" | "websocket.http.response.body":
                self.size += len(message.get("body", b""))
            case _:
                pass

    def write(self, scope: Scope) -> None:
        took = time.monotonic() - self.began
        status = self.status or _CLIENT_LEFT
        method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
        if scope["type"] == "http" and not self.streams:
            meters_of(scope).answered(method, status, took)
        else:
            meters_of(scope).requests.add(method, str(status))
        route = _route(scope)
        quiet = route in _QUIET and (status < 400 or status == _NOT_READY)
        room = scope.get("path_params", {}).get("room")
        fields = {
            "client": _client(scope),
            "method": method if method.isalpha() and len(method) < 16 else "?",
            "route": route,
            "query": _query(scope),
            "room": room_tag(room) if room else None,
            "status": status,
            "close": self.close,
            "bytes": self.size,
            "took_s": round(took, 4),
        }
        level = logging.DEBUG if quiet else logging.INFO
        logger.log(level, "served" if status < 400 else "not served", extra=fields)


def _client(scope: Scope) -> str:
    """Return the client's address as trusted proxies tell it; before that is known, the peer's."""
    keeper: Doorkeeper | None = getattr(scope["app"].state, "doorkeeper", None)
    if keeper is not None:
        return keeper.address(scope)
    return str((scope.get("client") or ("", 0))[0])


def _request_id(offered: str) -> str:
    """Return the id a client brought, if it is short and plain, else a new one."""
    return offered if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)


def _route(scope: Scope) -> str:
    """Return the pattern that the path matched; the path itself may be anything."""
    return getattr(scope.get("route"), "path", "") or "-"


def _query(scope: Scope) -> str:
    """Return the harmless part of the query string; "…" stands for what was left out."""
    raw = scope.get("query_string", b"").decode("ascii", "replace")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=_MOST_QUERY)
    except ValueError:
        return "…"
    shown = [f"{name}={value[:32]}" if name in _HARMLESS else "…" for name, value in pairs]
    return "&".join(shown)
