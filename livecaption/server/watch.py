"""``/ws/watch``: a room's captions out, to any number of readers.

A reader that stalls, or falls too far behind, is closed; it starts from a snapshot when it is
back. The others never wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager, nullcontext

from starlette.websockets import WebSocket

from livecaption.access.roles import NOBODY, Principal
from livecaption.access.roles import Role as Grant
from livecaption.core.outbox import Outgoing
from livecaption.errors import (
    BadCredentials,
    ClientError,
    NotAllowed,
    Overloaded,
    ProtocolError,
    RateLimited,
)
from livecaption.protocol.client_messages import Hello
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.codec import decode_watcher, encode
from livecaption.protocol.limits import (
    DEFAULT_ROOM,
    MAX_BAD_MESSAGES,
    MAX_WATCH_UNSENT_EVENTS,
)
from livecaption.server.closing import close_code_for, error_message
from livecaption.server.doorkeeper import Doorkeeper, address_of, check, principal_of
from livecaption.server.handshake import accept, deny
from livecaption.server.hub import CaptionHub, Role
from livecaption.server.outgoing import OutgoingSocket
from livecaption.server.room import Room
from livecaption.server.room_requests import ROOM_RULE, is_room

__all__ = ["watch"]

logger = logging.getLogger(__name__)

HELLO_WAIT_S = 0.25
"""How long a reader may take to say from where it wants to go on, before it gets a snapshot."""

_NOTHING_SHOWN = BadCredentials(
    "This server asks readers for a link or a key; open the link that you were given.",
    code="key_required",
)


async def watch(websocket: WebSocket) -> None:
    """Serve one reader from handshake to close."""
    hub: CaptionHub = websocket.app.state.hub
    name = websocket.query_params.get("room", DEFAULT_ROOM)
    if not is_room(name):
        await deny(websocket, 400, "bad_room", ROOM_RULE)
        return
    principal = principal_of(websocket)
    if principal is not NOBODY and not principal.may_enter(name):
        await deny(websocket, 403, "not_allowed", f"This key or token is not for room {name}.")
        return
    if not await accept(websocket, hub.admit_watcher):
        return
    with hub.watcher_place():
        room = await hub.rooms.open(name)
        try:
            await WatcherConnection(websocket, room, hub).serve()
        finally:
            hub.rooms.release(room)


class WatcherConnection:
    """One reader's socket."""

    def __init__(self, websocket: WebSocket, room: Room, hub: CaptionHub) -> None:
        self.role = Role.WATCHER
        self.finished = asyncio.Event()
        self._websocket = websocket
        self._room = room
        self._hub = hub
        self.principal = principal_of(websocket)
        self._outgoing = OutgoingSocket(
            websocket, limit=MAX_WATCH_UNSENT_EVENTS, stall_s=hub.settings.stall_s
        )
        self._close_code = CloseCode.BAD_MESSAGES
        self._after: int | None = None
        self._asked = asyncio.Event()
        self._refused = False
        self._bad_messages = 0

    async def serve(self) -> None:
        """Run until the reader leaves or fails."""
        self._hub.connections.add(self)
        self._enter(self.principal)
        try:
            async with asyncio.TaskGroup() as tasks:
                reader = tasks.create_task(self._read())
                await self._join()
                await self._outgoing.write()
                await self._close()
                reader.cancel()
        finally:
            self._room.subscribers.discard(self._outgoing.put)
            self._room.guests.pop(self._take_link_back, None)
            self._hub.connections.discard(self)
            self.finished.set()

    async def stop(self, reason: str) -> None:  # noqa: ARG002 - every reason ends the same way
        """Send what waits, then close: the server is going away."""
        self._close_code = CloseCode.RESTART
        error = ClientError("The server restarts; come back in a moment.", code="going_away")
        self._outgoing.put(Outgoing(encode(error_message(error, fatal=True))))
        self._outgoing.end()

    async def dismiss(self, error: BadCredentials) -> None:
        """Send the reader away: its key is good no more."""
        self._send_away(error)

    async def _join(self) -> None:
        must_ask = self.principal is NOBODY
        patience = self._hub.settings.start_timeout_s if must_ask else HELLO_WAIT_S
        try:
            with self._waiting_place() if must_ask else nullcontext():
                async with asyncio.timeout(patience):
                    await self._asked.wait()
        except TimeoutError:
            if must_ask:
                self._send_away(_NOTHING_SHOWN)
        except RateLimited as exc:
            self._send_away(exc)
        if not self._refused:
            self._room.join(self._outgoing.put, self._after)

    def _waiting_place(self) -> AbstractContextManager[None]:
        return self._hub.limiter.waiting_place(address_of(self._websocket))

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self._outgoing.failed = True
                self._outgoing.end()
                return
            try:
                hello = decode_watcher(message.get("text") or "")
            except ProtocolError as exc:
                self._complain(exc)
            else:
                await self._greet(hello)

    async def _greet(self, hello: Hello) -> None:
        """Let a reader in who shows a link or a token, if it is good; others need none or a key."""
        if hello.token is not None:
            keeper: Doorkeeper = self._websocket.app.state.doorkeeper
            try:
                shown = await keeper.greet(hello.token, self._websocket.scope, self._room.name)
                check(shown, Grant.WATCH, self._room.name)
                self._enter(shown)
            except (NotAllowed, Overloaded) as exc:
                self._send_away(exc)
                return
        if self.principal is NOBODY:
            self._send_away(_NOTHING_SHOWN)
            return
        self._after = hello.after
        self._asked.set()

    def _enter(self, principal: Principal) -> None:
        self.principal = principal
        if principal.link is not None:
            self._room.guests[self._take_link_back] = principal.link

    def _take_link_back(self) -> None:
        self._send_away(
            BadCredentials("This link has been taken back; ask for a new one.", code="link_revoked")
        )

    def _send_away(self, error: NotAllowed | Overloaded) -> None:
        """The reader's key, token or link is not good, or not any more."""
        if self._refused:
            return
        self._refused = True
        self._close_code = close_code_for(error)
        self._outgoing.put(Outgoing(encode(error_message(error, fatal=True))))
        self._outgoing.end()
        self._asked.set()

    def _complain(self, error: ProtocolError) -> None:
        self._bad_messages += 1
        fatal = self._bad_messages >= MAX_BAD_MESSAGES
        self._outgoing.put(Outgoing(encode(error_message(error, fatal=fatal))))
        if fatal:
            self._outgoing.end()

    async def _close(self) -> None:
        if self._outgoing.failed:
            logger.info("a reader of room %s left or is too slow", self._room.name)
            self._close_code = CloseCode.IDLE_OR_SLOW
        await self._outgoing.close(self._close_code)
