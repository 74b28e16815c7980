"""Peers that mean harm, each kind many times; what they hold open they keep open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from websockets.frames import Opcode

from tests.server.raw_peer import frame, get, upgrade

__all__ = ["KINDS", "Abuse", "abused"]

_FLOOD_BYTES = 2_000_000
_SEND_S = 10.0


@dataclass(frozen=True, slots=True)
class Abuse:
    """What one peer sends; it reads nothing, not even answers."""

    opening: bytes
    then: bytes = b""
    times: int = 0
    """How often ``then`` is sent, unless the server cuts the connection before."""


def _flood(of: bytes) -> tuple[bytes, int]:
    return of * 1000, _FLOOD_BYTES // (1000 * len(of))


KINDS = {
    "nothing at all": Abuse(b""),
    "half a head": Abuse(get()[:20]),
    "a head without end": Abuse(get("/", f"X-Long: {'x' * 60_000}")),
    "a handshake that is too large": Abuse(upgrade("/ws/watch", f"X-Long: {'x' * 9000}")),
    "a publisher that says nothing": Abuse(upgrade("/ws/publish")),
    "a reader that reads nothing": Abuse(upgrade()),
    "pings": Abuse(upgrade(), *_flood(frame(Opcode.PING, b"x" * 125))),
    "empty fragments": Abuse(
        upgrade("/ws/publish") + frame(Opcode.TEXT, fin=False),
        *_flood(frame(Opcode.CONT, fin=False)),
    ),
    "no WebSocket": Abuse(upgrade(), b"\x00" * 4096, 4),
    "requests without reading": Abuse(get("/") * 20, get("/") * 100, 20),
}


@asynccontextmanager
async def abused(port: int, each: int) -> AsyncIterator[None]:
    """Let so many peers of each kind do what they want, and keep their sockets open meanwhile."""
    with ExitStack() as held:
        async with asyncio.TaskGroup() as peers:
            for abuse in list(KINDS.values()) * each:
                peer = held.enter_context(socket.socket())
                peer.setblocking(False)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
                peers.create_task(_misbehave(peer, port, abuse))
        yield


async def _misbehave(peer: socket.socket, port: int, abuse: Abuse) -> None:
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(_SEND_S):
            await loop.sock_connect(peer, ("127.0.0.1", port))
            await loop.sock_sendall(peer, abuse.opening)
            for _ in range(abuse.times):
                await loop.sock_sendall(peer, abuse.then)
