"""One TCP connection that can be made to lose, hold or tear what passes through it.

Bytes pass as they are: nothing here knows of WebSockets. What was lost once on a connection makes
it useless for good, as when a router has forgotten it: the ends are not told, and nothing arrives
any more.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from enum import Enum, auto

__all__ = ["Flow", "Link"]

_AT_ONCE = 65_536
"""Bytes that are carried at a time."""


class Flow(Enum):
    """What becomes of bytes in one direction."""

    CARRY = auto()
    HOLD = auto()
    DROP = auto()


class Link:
    """One client's connection; ``run`` carries it on to the server.

    Args:
        near: the client's socket.
        flows: what becomes of bytes on the way up to the server, and on the way down.
    """

    def __init__(self, near: socket.socket, flows: tuple[Flow, Flow]) -> None:
        far = socket.socket()
        for end in (near, far):
            end.setblocking(False)
        self._near, self._far = near, far
        self._up = _Way(near, far, flows[0])
        self._down = _Way(far, near, flows[1])
        self._ways = (self._up, self._down)
        self._connected = False
        self.reset = False
        """Whether both ends are told by RST when the link goes."""

    @property
    def carries(self) -> bool:
        """Whether bytes flow both ways."""
        return self._connected and all(way.flow is Flow.CARRY for way in self._ways)

    async def run(self, server_port: int) -> None:
        """Carry bytes until both ends are gone; to be cancelled to end it at once."""
        loop = asyncio.get_running_loop()
        try:
            if await self._up.carries():
                await loop.sock_connect(self._far, ("127.0.0.1", server_port))
                self._connected = True
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._up.run(self._down))
                    ways.create_task(self._down.run(self._up))
            else:  # nobody on the other side ever hears of it
                await self._up.run(self._down)
        except* OSError:  # one end is gone, or the server is
            self.reset = True
        finally:
            self._close()

    def turn(self, flows: tuple[Flow, Flow]) -> None:
        """Carry bytes in another way; what was dropped once stays dropped."""
        for way, flow in zip(self._ways, flows, strict=True):
            way.turn(flow)

    def finish(self) -> None:
        """Tell both ends that the stream ends; what they still send vanishes."""
        self.turn((Flow.DROP, Flow.DROP))
        for way in self._ways:
            way.end()

    async def tear(self, *, up: bool, share: float) -> None:
        """Return when a part of the next bytes in one direction is through; then nothing is.

        Args:
            up: on the way to the server.
            share: which part, in [0, 1); never all of it.
        """
        way = self._up if up else self._down
        way.share = share
        await way.torn.wait()
        self.turn((Flow.DROP, Flow.DROP))

    def _close(self) -> None:
        for way in self._ways:
            way.torn.set()
        for end in (self._near, self._far):
            if self.reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()


class _Way:
    """One direction of a connection."""

    def __init__(self, source: socket.socket, target: socket.socket, flow: Flow) -> None:
        self._source = source
        self._target = target
        self.flow = flow
        self.share: float | None = None
        """Of the next bytes, after which no more are carried."""
        self.torn = asyncio.Event()
        self._turned = asyncio.Event()

    def turn(self, flow: Flow) -> None:
        if self.flow is not Flow.DROP:
            self.flow = flow
            self._turned.set()

    async def carries(self) -> bool:
        """Wait while bytes are held; say whether they are carried then."""
        while self.flow is Flow.HOLD:
            self._turned.clear()
            await self._turned.wait()
        return self.flow is Flow.CARRY

    async def run(self, back: _Way) -> None:
        """Carry until the source ends.

        Raises:
            OSError: one end is gone, and the other one can be told.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                chunk = await loop.sock_recv(self._source, _AT_ONCE)
            except OSError:
                if await self.carries():
                    raise
                return  # the other end is not told
            carries = await self.carries()
            if carries and chunk:
                await self._pass_on(chunk, back)
            elif carries:
                self.end()
            if not chunk:
                return

    def end(self) -> None:
        """Tell the target that the stream ends."""
        try:
            self._target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # it was never connected, or is gone

    async def _pass_on(self, chunk: bytes, back: _Way) -> None:
        torn = self.share is not None
        if self.share is not None:
            chunk = chunk[: min(1 + int(self.share * len(chunk)), len(chunk) - 1)]
        try:
            await asyncio.get_running_loop().sock_sendall(self._target, chunk)
        except OSError:
            if back.flow is not Flow.DROP:
                raise
            self.turn(Flow.DROP)  # the RST that says so is lost on its way back
        if torn:
            self.turn(Flow.DROP)
            self.torn.set()
