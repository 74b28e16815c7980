"""A peer without manners: a socket on which anything can be said, and read or not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.serving import Running

__all__ = ["RawPeer", "get", "raw_peer"]

_PATIENCE_S = 30.0
_TINY_WINDOW = 4096


class RawPeer:
    """One connection to a server.

    Args:
        port: of the server.
        window: bytes the kernel takes for a peer that does not read; None leaves it to the system.
    """

    def __init__(self, port: int, window: int | None = None) -> None:
        self._port = port
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        if window is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * window)

    async def connect(self) -> None:
        await self._loop.sock_connect(self._socket, ("127.0.0.1", self._port))

    async def say(self, data: bytes) -> None:
        """Send everything; fails when the server has cut the connection, or reads no more."""
        async with asyncio.timeout(_PATIENCE_S):
            await self._loop.sock_sendall(self._socket, data)

    async def hear(self, until: bytes) -> bytes:
        """Read up to something."""
        heard = b""
        async with asyncio.timeout(_PATIENCE_S):
            while until not in heard:
                chunk = await self._loop.sock_recv(self._socket, 65_536)
                assert chunk, f"the server closed after {heard!r}"
                heard += chunk
        return heard

    async def hear_out(self) -> bytes:
        """Read until the server closes or resets; fails when it does neither."""
        heard = b""
        async with asyncio.timeout(_PATIENCE_S):
            try:
                while chunk := await self._loop.sock_recv(self._socket, 65_536):
                    heard += chunk
            except ConnectionError:
                pass
        return heard

    async def drip(self, data: bytes, every_s: float) -> bytes:
        """Send a byte at a time until the server closes; return what it said."""

        async def drop() -> None:
            for at in range(len(data)):
                await self._loop.sock_sendall(self._socket, data[at : at + 1])
                await asyncio.sleep(every_s)

        dropping = asyncio.create_task(drop())
        try:
            return await self.hear_out()
        finally:
            dropping.cancel()
            await asyncio.wait([dropping])

    def finish(self) -> None:
        """Say that nothing more will come."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def raw_peer(
    running: Running, *, tiny: bool = False, port: int | None = None
) -> AsyncIterator[RawPeer]:
    """A connected peer; a tiny one has room for a few kilobytes only."""
    peer = RawPeer(port or running.port, _TINY_WINDOW if tiny else None)
    try:
        await peer.connect()
        yield peer
    finally:
        peer.close()


def get(path: str = "/healthz", *headers: str) -> bytes:
    """A request."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode()
