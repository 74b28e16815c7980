"""``GET /v1/rooms/{room}/events``: what ``/ws/watch`` sends, as Server-Sent Events.

For readers that have no WebSocket. A browser's ``EventSource`` comes back by itself and says in
``Last-Event-ID`` what it had; an ``id`` is a room offset.
"""

from __future__ import annotations

import asyncio
import json
import logging

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from livecaption.access.roles import Principal
from livecaption.core.outbox import Outgoing
from livecaption.errors import BadCredentials, Overloaded
from livecaption.protocol.limits import MAX_WATCH_UNSENT_EVENTS
from livecaption.server.answers import refusal
from livecaption.server.doorkeeper import principal_of
from livecaption.server.hub import CaptionHub, Role
from livecaption.server.outgoing import OutgoingStream
from livecaption.server.room import Room
from livecaption.server.room_requests import Refusal, room_of

__all__ = ["EventStream", "EventsEndpoint"]

logger = logging.getLogger(__name__)

_DIGITS = 19
_COMMENT_EVERY_S = 15.0
"""Proxies close what is silent for a minute, and a lost reader is noticed only by writing."""


class EventsEndpoint:
    """An endpoint that needs the raw connection: it must see its reader stall and leave."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one reader until it leaves or fails."""
        request = Request(scope, receive)
        try:
            room, after = room_of(request), _after(request)
        except Refusal as exc:
            await refusal(exc.status, exc.code, str(exc))(scope, receive, send)
            return
        await self._serve(request, room, after, (scope, receive, send))

    async def _serve(
        self, request: Request, name: str, after: int | None, wire: tuple[Scope, Receive, Send]
    ) -> None:
        hub: CaptionHub = request.app.state.hub
        try:
            hub.admit_watcher()
        except Overloaded as exc:
            await refusal(503, exc.code, str(exc), retry_after=exc.retry_after)(*wire)
            return
        with hub.watcher_place():
            room = await hub.rooms.open(name)
            try:
                await EventStream(room, hub, principal_of(request), after).serve(*wire[1:])
            finally:
                hub.rooms.release(room)


def _after(request: Request) -> int | None:
    wished = request.headers.get("last-event-id") or request.query_params.get("after")
    if not wished:
        return None
    if wished.isascii() and wished.isdecimal() and len(wished) < _DIGITS:
        return int(wished)
    raise Refusal(400, "bad_request", "after is a room offset: a whole number, 0 or more.")


class _Events(OutgoingStream):
    """Sends to one HTTP answer."""

    def __init__(self, send: Send, *, limit: int, stall_s: float) -> None:
        super().__init__(limit=limit, stall_s=stall_s)
        self._send_part = send

    async def _send(self, text: str) -> None:
        await self.send_raw(_event(text))

    async def send_raw(self, text: str) -> None:
        """Send a piece of the answer."""
        part = {"type": "http.response.body", "body": text.encode(), "more_body": True}
        await self._send_part(part)


class EventStream:
    """One reader."""

    def __init__(
        self, room: Room, hub: CaptionHub, principal: Principal, after: int | None
    ) -> None:
        self.principal = principal
        self.role = Role.WATCHER
        self.finished = asyncio.Event()
        self._room = room
        self._hub = hub
        self._after = after
        self._outgoing: _Events

    async def serve(self, receive: Receive, send: Send) -> None:
        """Run until the reader leaves or fails, or the server goes down."""
        stall_s = self._hub.settings.stall_s
        self._outgoing = _Events(send, limit=MAX_WATCH_UNSENT_EVENTS, stall_s=stall_s)
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
        ]
        self._hub.connections.add(self)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async with asyncio.TaskGroup() as tasks:
                leaving = tasks.create_task(self._wait_for_leaving(receive))
                pulse = tasks.create_task(self._pulse())
                if self.principal.link is not None:
                    self._room.guests[self._outgoing.end] = self.principal.link
                self._room.join(self._outgoing.put, self._after)
                await self._outgoing.write()
                leaving.cancel()
                pulse.cancel()
            if not self._outgoing.failed:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._room.subscribers.discard(self._outgoing.put)
            self._room.guests.pop(self._outgoing.end, None)
            self._hub.connections.discard(self)
            self.finished.set()

    async def stop(self, reason: str) -> None:  # noqa: ARG002 - every reason ends the same way
        """Send what waits, then end: the server goes down."""
        self._outgoing.end()

    async def dismiss(self, error: BadCredentials) -> None:  # noqa: ARG002 - there is no way to say it
        """End: the reader's key is good no more."""
        self._outgoing.end()

    async def _wait_for_leaving(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._fail()

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(_COMMENT_EVERY_S)
            self._outgoing.put(Outgoing("", key="pulse"))

    def _fail(self) -> None:
        self._outgoing.failed = True
        self._outgoing.end()


def _event(text: str) -> str:
    """Write a message as an event; an empty one as a comment, which readers ignore."""
    if not text:
        return ": still here\n\n"
    message = json.loads(text)
    # A snapshot is no event: a reader that comes back with its place would miss nothing and know
    # nothing.
    numbered = "offset" in message and message["type"] != "snapshot"
    place = f"id: {message['offset']}\n" if numbered else ""
    return f"{place}event: {message['type']}\ndata: {text}\n\n"
