"""A network between a client and a server that fails on command.

::

    client ── near ─▷ up ─▷ far ── server
              near ◁ down ◁ far

It is a TCP proxy on loopback that lives in the event loop of whoever uses it.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from tests.faults.link import Flow, Link

__all__ = ["Fault", "FaultyNetwork", "Outage"]

_TEAR_S = 3.0
"""For something to tear to come by: audio does ten times a second, reports once."""


class Fault(StrEnum):
    """How a network fails. While it is out nobody can connect: refused, or without an answer."""

    RESET = "reset"
    """Both ends get a RST."""
    FIN = "fin"
    """Both ends get an orderly end of the stream, without a close frame."""
    TORN_UP = "torn up"
    """The server gets a part of what the client sends, then both get the end of the stream."""
    TORN_DOWN = "torn down"
    """The client gets a part of what the server sends, then both get the end of the stream."""
    SILENT_UP = "silent up"
    """What the client sends vanishes, and goes on vanishing; the client still hears the server."""
    SILENT_DOWN = "silent down"
    """What the server sends vanishes, and goes on vanishing; the server still hears the client."""
    SILENT = "silent"
    """Both."""
    STALL = "stall"
    """Nothing is lost, but all arrives only when the network is back: TCP sends it again."""

    @property
    def is_silent(self) -> bool:
        """Whether the ends are left to find out by themselves."""
        return self in (Fault.SILENT_UP, Fault.SILENT_DOWN, Fault.SILENT, Fault.STALL)


@dataclass(frozen=True, slots=True)
class Outage:
    """What happened, in seconds of the event loop's clock."""

    fault: Fault
    began: float
    ended: float


_FLOWS = {
    Fault.SILENT_UP: (Flow.DROP, Flow.CARRY),
    Fault.SILENT_DOWN: (Flow.CARRY, Flow.DROP),
    Fault.SILENT: (Flow.DROP, Flow.DROP),
    Fault.STALL: (Flow.HOLD, Flow.HOLD),
}
"""What becomes of bytes on the way up and on the way down."""


class FaultyNetwork:
    """``async with FaultyNetwork(port) as network``: connect to ``network.port`` instead.

    Args:
        server_port: on 127.0.0.1.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._flows = (Flow.CARRY, Flow.CARRY)
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._door = socket.socket()

    @property
    def port(self) -> int:
        """Where clients connect."""
        port: int = self._door.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Of the server, as clients see it."""
        return f"ws://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._door.setblocking(False)
        with socket.socket() as chooser:
            # Linux keeps the port of a socket that listens no more if it was asked for by number.
            for holder in (chooser, self._door):
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            chooser.bind(("127.0.0.1", 0))
            self._door.bind(chooser.getsockname())
        self._open_door()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close_door()
        carrying = list(self._links.values())
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        self._door.close()

    async def fail(self, fault: Fault, outage_s: float, share: float = 0.5) -> Outage:
        """Fail now; return when the network has come back.

        Args:
            fault: in which way.
            outage_s: for how long.
            share: of what is under way, for a torn stream: in [0, 1).
        """
        clock = asyncio.get_running_loop().time
        if fault in (Fault.TORN_UP, Fault.TORN_DOWN):
            await self._tear(up=fault is Fault.TORN_UP, share=share)
        began = clock()
        if fault in _FLOWS:
            await self._fall_silent(_FLOWS[fault], outage_s)
        else:
            await self._break(outage_s, reset=fault is Fault.RESET)
        return Outage(fault, began, clock())

    # -- outages ----------------------------------------------------------------------------

    async def _tear(self, *, up: bool, share: float) -> None:
        # Connections that fell silent earlier carry nothing that could be torn.
        links = [link for link in self._links if link.carries]
        with suppress(TimeoutError):
            async with asyncio.timeout(_TEAR_S):
                await asyncio.gather(*(link.tear(up=up, share=share) for link in links))

    async def _break(self, outage_s: float, *, reset: bool) -> None:
        self._close_door()
        for link, task in list(self._links.items()):
            if reset:
                link.reset = True
                task.cancel()
            else:
                link.finish()
        await asyncio.sleep(outage_s)
        self._open_door()

    async def _fall_silent(self, flows: tuple[Flow, Flow], outage_s: float) -> None:
        self._flows = flows
        for link in self._links:
            link.turn(flows)
        await asyncio.sleep(outage_s)
        self._flows = (Flow.CARRY, Flow.CARRY)
        for link in self._links:
            link.turn(self._flows)

    # -- connections ------------------------------------------------------------------------

    def _open_door(self) -> None:
        self._door.listen(64)
        asyncio.get_running_loop().add_reader(self._door, self._welcome)

    def _close_door(self) -> None:
        """Refuse connections, but keep the port."""
        if asyncio.get_running_loop().remove_reader(self._door):
            self._door.shutdown(socket.SHUT_RDWR)

    def _welcome(self) -> None:
        try:
            near, _ = self._door.accept()
        except OSError:
            return  # the client has gone again
        link = Link(near, self._flows)
        self._links[link] = asyncio.create_task(self._carry(link))

    async def _carry(self, link: Link) -> None:
        try:
            await link.run(self._server_port)
        finally:
            del self._links[link]
