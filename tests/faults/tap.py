"""What a server says on every socket, and how each of them ends, read off the wire.

A client hides how its connection was lost: it comes back. So a tap stands between and follows the
server's frames; it changes nothing and holds nothing up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.frames import Close, Opcode

__all__ = ["Tap", "TappedSocket", "tapped"]

_AT_ONCE = 65_536


@dataclass(slots=True, eq=False)
class TappedSocket:
    """One WebSocket, as its client sees it; times on the event loop's clock."""

    path: str
    kinds: list[str] = field(default_factory=list)
    """Types of the messages, in order."""
    open: set[tuple[str, int]] = field(default_factory=set)
    """Utterances that had begun and have no last caption yet: session and number."""
    close: int | None = None
    """Code of the close frame."""
    late: int = 0
    """Messages behind the close frame; the protocol has none."""
    size: int = 0
    """Bytes of text."""
    ended_at: float | None = None

    def take(self, opcode: int, payload: bytes) -> None:
        """Learn of the next frame from the server."""
        if opcode == Opcode.CLOSE:
            self.close = Close.parse(payload).code
        elif opcode == Opcode.TEXT:
            self.size += len(payload)
            self.late += self.close is not None
            self._follow(json.loads(payload))

    def _follow(self, message: dict[str, Any]) -> None:
        kind, session = message["type"], message.get("session", "")
        self.kinds.append(kind)
        if kind == "snapshot":
            opened = message["open_utterances"]
            self.open = {(each["session"], each["utterance"]) for each in opened}
        elif kind == "utterance_started":
            self.open.add((session, message["utterance"]))
        elif kind == "final":
            self.open.discard((session, message["utterance"]))


class Tap:
    """Carries connections to a server's port, and keeps what was seen of its WebSockets.

    Args:
        server_port: on 127.0.0.1.
        clock: seconds.
    """

    def __init__(self, server_port: int, clock: Callable[[], float]) -> None:
        self._server_port = server_port
        self._clock = clock
        self.sockets: list[TappedSocket] = []
        """Those that were accepted, in order."""
        self.port = 0
        self._moved = asyncio.Event()
        self._carrying: set[asyncio.Task[None]] = set()
        """The event loop holds tasks weakly."""

    @property
    def url(self) -> str:
        """For clients."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def live(self) -> list[TappedSocket]:
        """Those that have not ended."""
        return [each for each in self.sockets if each.ended_at is None]

    async def ended(self, sockets: list[TappedSocket]) -> None:
        """Wait until all of these have ended."""
        while any(each.ended_at is None for each in sockets):
            self._moved.clear()
            await self._moved.wait()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it or the server is gone."""
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def close(self) -> None:
        """Cut what is still carried."""
        for task in tuple(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        up: asyncio.Task[None] | None = None
        try:
            asked = await _head(reader, far_writer)
            up = asyncio.create_task(_pass_on(reader, far_writer))
            answered = await _head(far_reader, writer)
            if answered.startswith(b"HTTP/1.1 101 "):
                await self._follow(asked.split()[1].decode(), far_reader, writer)
            else:
                await _pass_on(far_reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            if up is not None:
                up.cancel()
            far_writer.close()
            writer.close()

    async def _follow(
        self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        seen = TappedSocket(path)
        self.sockets.append(seen)
        try:
            while True:
                head, opcode, payload = await _frame(reader)
                seen.take(opcode, payload)
                writer.write(head + payload)
                await writer.drain()
        finally:
            seen.ended_at = self._clock()
            self._moved.set()


async def _head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Pass the head of a request or an answer on, and return it."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(head)
    await writer.drain()
    return head


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_AT_ONCE):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:  # one end was cut; so is the other
        writer.transport.abort()


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, int, bytes]:
    """Read a frame of a server: whole messages, neither masked nor compressed.

    Returns:
        Its head as it came, its opcode, its payload.
    """
    head = await reader.readexactly(2)
    size = head[1]
    assert head[0] & 0xF0 == 0x80, "a whole message, without extensions"
    assert size < 128, "a server masks nothing"
    if size >= 126:
        more = await reader.readexactly(2 if size == 126 else 8)
        head, size = head + more, int.from_bytes(more)
    return head, head[0] & 0x0F, await reader.readexactly(size)


@asynccontextmanager
async def tapped(server_port: int) -> AsyncIterator[Tap]:
    """Tap a server until the block ends."""
    tap = Tap(server_port, asyncio.get_running_loop().time)
    door = await asyncio.start_server(tap.take, "127.0.0.1", 0)
    async with door:
        tap.port = door.sockets[0].getsockname()[1]
        try:
            yield tap
        finally:
            await tap.close()
