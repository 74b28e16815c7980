"""Read the captions of a room, also over lost connections, in a few lines.

::

    async with watch("wss://captions.example", "main") as room:
        async for message in room:
            match message:
                case RoomFinal():
                    print(message.text)

There is no task and no queue behind it: messages are read from the socket when they are asked
for. A program too slow for its room is sent away by the server, and comes back like after any
other loss. This module must not know publishers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeAlias

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from livecaption.client.address import watch_url
from livecaption.client.backoff import Backoff, RetryPolicy
from livecaption.client.dialling import ConnectionOptions, Dialler
from livecaption.client.refusals import ServerUnreachable, is_transient, refused_by_close
from livecaption.errors import LiveCaptionError, Overloaded, ProtocolError
from livecaption.protocol.client_messages import Hello
from livecaption.protocol.close_codes import CloseCode, may_reconnect
from livecaption.protocol.codec import decode_server, encode
from livecaption.protocol.complaint import complaint
from livecaption.protocol.limits import DEFAULT_ROOM
from livecaption.protocol.server_messages import (
    ErrorMessage,
    Presence,
    RoomDelta,
    RoomFinal,
    RoomGap,
    RoomMessage,
    RoomPartial,
    RoomUtteranceStarted,
    Snapshot,
)

__all__ = ["WatchClient", "WatchedMessage", "watch"]

WatchedMessage: TypeAlias = Snapshot | Presence | RoomMessage

_PATIENT = RetryPolicy(patience=float("inf"))
"""A room may be silent for a night; whoever watches says when it is enough."""


def watch(
    url: str,
    room: str = DEFAULT_ROOM,
    *,
    after: int | None = None,
    token: str | None = None,
    options: ConnectionOptions | None = None,
) -> WatchClient:
    """Prepare to watch a room; ``async with`` closes the connection in the end.

    Args:
        url: of the server, such as ``ws://localhost:8000``.
        room: its name.
        after: offset of the last event that was handled in an earlier run; see ``offset``.
        token: of a viewer link, if one is needed.
        options: retries and time limits; by default a lost server is waited for without end.

    Raises:
        OperatorError: ``url`` is no server's address.
        ProtocolError: ``after`` or ``token`` is not what the protocol allows.
    """
    try:
        hello = Hello(after=after, token=token)
    except ValidationError as error:
        raise ProtocolError(complaint(error, Hello, "hello")) from None
    return WatchClient(watch_url(url, room), hello, options or ConnectionOptions(retry=_PATIENT))


class WatchClient:
    """A room's messages: an async context manager and an async iterator that does not end.

    Each numbered message comes once, in order. A ``Snapshot`` replaces whatever is shown: the
    first message, unless ``after`` was given and the server still holds all since then; and
    again after an outage so long that it does not.

    Iterating raises NotAllowed when the server closes with 4501 or 4503 (a link taken back),
    ServerUnreachable, ServerRefused or Overloaded when it cannot be reached, ProtocolError or
    SessionEnded when there is no sense in coming back.
    """

    def __init__(self, url: str, hello: Hello, options: ConnectionOptions) -> None:
        self._dialler = Dialler(url, options)
        self._hello = hello
        self._backoff = Backoff(options.retry, options.random)
        self._socket: ClientConnection | None = None
        self._last_error: ErrorMessage | None = None

    @property
    def offset(self) -> int | None:
        """Offset of the last numbered message handed out: what a later run gives as ``after``."""
        return self._hello.after

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    def __aiter__(self) -> AsyncIterator[WatchedMessage]:
        return self

    async def __anext__(self) -> WatchedMessage:
        while True:
            try:
                if self._socket is None:
                    self._socket = await self._open()
                text = await self._socket.recv()
            except ConnectionClosed:
                await self._come_back(self._loss())
            except LiveCaptionError as problem:
                await self._come_back(problem)
            else:
                message = self._new(text)
                if message is not None:
                    return message

    async def _open(self) -> ClientConnection:
        socket = await self._dialler.dial()
        self._last_error = None
        with suppress(
            ConnectionClosed
        ):  # what the server said before it closed is still to be read
            await socket.send(encode(self._hello))
        return socket

    def _new(self, text: str | bytes) -> WatchedMessage | None:
        """Return the message of a frame; None when it says nothing new."""
        if isinstance(text, bytes):
            raise ProtocolError("The server sent a binary message; there are none.")
        message = decode_server(text)
        match message:
            case ErrorMessage():
                self._last_error = message if message.fatal else self._last_error
                return None
            case Snapshot():
                self._backoff.ready(asyncio.get_running_loop().time())
                known = message.offset == self._hello.after and not message.finals
                self._handled(message.offset)
                return None if known else message
            case Presence() | RoomPartial():
                return message
            case RoomUtteranceStarted() | RoomDelta() | RoomFinal() | RoomGap():
                if message.offset <= (self._hello.after or 0):
                    return None
                self._handled(message.offset)
                return message
            case _:
                return None  # a newer server has more to say

    def _handled(self, offset: int) -> None:
        self._hello = self._hello.model_copy(update={"after": offset})

    def _loss(self) -> LiveCaptionError:
        """Forget the socket that was closed, and say what that means."""
        code = self._socket.close_code if self._socket else None
        self._socket = None
        code = CloseCode.ABNORMAL if code in (None, 1005) else code
        assert code is not None
        if code == CloseCode.BAD_MESSAGES or not may_reconnect(code):
            return refused_by_close(code, self._last_error)
        said = self._last_error.message if self._last_error else None
        return ServerUnreachable(said or f"The connection to the server was lost (code {code}).")

    async def _come_back(self, problem: LiveCaptionError) -> None:
        """Wait before the next attempt; raise the problem when there is no sense in one.

        An address where nothing has ever answered is most likely wrong.
        """
        full = isinstance(problem, Overloaded)
        if not is_transient(problem) or not (self._dialler.reached or full):
            raise problem
        asked = problem.retry_after if isinstance(problem, Overloaded) else None
        if self._last_error is not None and self._last_error.retry_after_ms is not None:
            asked = self._last_error.retry_after_ms / 1000
        delay = self._backoff.next_delay(asyncio.get_running_loop().time(), asked)
        if delay is None:
            raise problem
        await asyncio.sleep(delay)
