"""A WebSocket client that can do everything wrong: bytes in, bytes out, no library in between."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import struct
from dataclasses import dataclass
from typing import Self

from livecaption.protocol.limits import SUBPROTOCOL

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "RawSocket",
    "frame",
    "upgrade",
]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_READ_BYTES = 65_536
_LOOK_S = 0.1


def upgrade(
    path: str = "/ws/watch", *more: str, version: int = 13, subprotocol: str = SUBPROTOCOL
) -> bytes:
    """Return the request for a WebSocket; the same bytes every time.

    Args:
        path: with its query.
        more: whole header lines.
        version: of the WebSocket protocol.
        subprotocol: what is offered.
    """
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Version: {version}",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        f"Sec-WebSocket-Protocol: {subprotocol}",
        *more,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True
) -> bytes:
    """Return one frame as a client sends it; ``rsv`` holds the three reserved bits, 0 to 7."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = bytes((first, mask_bit | size))
    elif size < 65_536:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    wide = int.from_bytes(mask * (size // 4 + 1), "big") >> (8 * (4 - size % 4))
    return head + mask + (int.from_bytes(payload, "big") ^ wide).to_bytes(size, "big")


@dataclass(frozen=True, slots=True)
class Received:
    """A frame of the server."""

    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """Of a close frame; 1005 where it says none."""
        return int.from_bytes(self.payload[:2], "big") if self.payload else 1005


class RawSocket:
    """``async with await RawSocket.open(port) as raw``: gone, with a reset or not, after it.

    Attributes:
        sent: bytes that the kernel took.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._waiting = b""
        self.sent = 0
        self.ended = False
        """The server has closed, or reset, its side."""
        self.word = ""
        """What it said last: an HTTP status, a close code."""

    @classmethod
    async def open(cls, port: int, *, receive_buffer: int | None = None) -> Self:
        """Connect, and say nothing."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    @classmethod
    async def greet(cls, port: int, path: str, *, receive_buffer: int | None = None) -> Self:
        """Connect and become a WebSocket.

        Raises:
            ConnectionError: the server answers something else.
        """
        raw = await cls.open(port, receive_buffer=receive_buffer)
        await raw.send(upgrade(path))
        head = await raw.head()
        if not head.startswith(b"HTTP/1.1 101 "):
            raw.close()
            raise ConnectionError(f"no WebSocket: {head[:100]!r}")
        return raw

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def send(self, data: bytes) -> None:
        """Send everything; wait while the server does not read."""
        await self._loop.sock_sendall(self._socket, data)
        self.sent += len(data)

    async def head(self) -> bytes:
        """Return the answer up to its first empty line; what there is of it at the end."""
        while b"\r\n\r\n" not in self._waiting and await self._more():
            pass
        head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
        self.word = f"HTTP {head[9:12].decode('latin-1')}" if head else ""
        return head

    async def frame(self) -> Received | None:
        """Return the next frame; None at the end."""
        while True:
            cut = _cut(self._waiting)
            if cut is not None:
                received, self._waiting = cut
                if received.opcode == CLOSE:
                    self.word = str(received.code)
                return received
            if not await self._more():
                return None

    async def until_end(self) -> list[Received]:
        """Return all frames until the server is gone."""
        frames = []
        while (received := await self.frame()) is not None:
            frames.append(received)
        return frames

    async def last_word(self) -> str:
        """Read to the end; return ``word``."""
        while not self._waiting and await self._more():
            pass
        if self._waiting.startswith(b"HTTP/"):
            await self.head()
            while await self._more():
                self._waiting = b""
        else:
            await self.until_end()
        return self.word

    async def wait_for_end(self) -> None:
        """Read nothing until the server has ended, or reset, the connection."""
        watch = select.poll()
        # What waits to be read hides an end of stream from everything else.
        watch.register(self._socket, getattr(select, "POLLRDHUP", 0x2000))
        while not watch.poll(0):  # noqa: ASYNC110 - nothing else tells it without reading
            await asyncio.sleep(_LOOK_S)
        self.ended = True

    def close(self, *, reset: bool = False) -> None:
        """Leave; with a reset nothing that is under way arrives."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def half_close(self) -> None:
        """Say that nothing more comes, and stay."""
        self._socket.shutdown(socket.SHUT_WR)

    async def _more(self) -> bool:
        try:
            part = await self._loop.sock_recv(self._socket, _READ_BYTES)
        except ConnectionError:
            part = b""
        self.ended = not part
        self._waiting += part
        return bool(part)


def _cut(data: bytes) -> tuple[Received, bytes] | None:
    if len(data) < 2:
        return None
    size, start = data[1] & 0x7F, 2
    if size >= 126:
        start = 4 if size == 126 else 10
        if len(data) < start:
            return None
        size = int.from_bytes(data[2:start], "big")
    if len(data) < start + size:
        return None
    return Received(data[0] & 15, data[start : start + size]), data[start + size :]
