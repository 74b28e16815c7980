"""What attackers do to a server, each with one connection: everything that a socket allows.

An attack returns when the server has let go of it; whoever runs it ends it when it has held on for
as long as it may. Floods are bounded in bytes, trickles in time.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.raw_socket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    RawSocket,
    frame,
    upgrade,
)

__all__ = ["ATTACKS", "ENDED_WITHIN_S", "ROOM", "Attack", "Prey"]

ROOM = "hall"
"""Where a healthy neighbour speaks; some attackers read there."""

_START = frame(TEXT, b'{"type":"start","room":"abuse"}')
_TRICKLE_S = 0.1
_FLOOD_BYTES = 4_000_000
"""What a flood sends at most."""
_BURST = 50
_GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(190)


@dataclass(slots=True)
class Prey:
    """A server, and the connection that an attack has to it."""

    port: int
    dice: random.Random
    raw: RawSocket | None = None

    async def open(self, *, receive_buffer: int | None = None) -> RawSocket:
        self.raw = await RawSocket.open(self.port, receive_buffer=receive_buffer)
        return self.raw

    async def silent_publisher(self) -> RawSocket:
        return await self._socket("/ws/publish")

    async def publisher(self) -> RawSocket:
        raw = await self.silent_publisher()
        await raw.send(_START)
        return raw

    async def watcher(self, *, receive_buffer: int | None = None) -> RawSocket:
        return await self._socket(f"/ws/watch?room={ROOM}", receive_buffer=receive_buffer)

    async def hear_out(self) -> None:
        """Read until the server has let go."""
        assert self.raw is not None
        await self.raw.last_word()

    async def _socket(self, path: str, *, receive_buffer: int | None = None) -> RawSocket:
        raw = await self.open(receive_buffer=receive_buffer)
        await raw.send(upgrade(path))
        head = await raw.head()
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionAbortedError(f"no WebSocket: {head[:100]!r}")
        return raw


Attack = Callable[[Prey], Awaitable[None]]


async def _idle(prey: Prey) -> None:
    await prey.open()
    await prey.hear_out()


async def _half_a_header(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send(b"GET /ws/watch HTTP/1.1\r\nHost: 127.0.0.1\r\nX-More: ")
    await prey.hear_out()


async def _a_byte_of_header_at_a_time(prey: Prey) -> None:
    await prey.open()
    await _trickle(prey, upgrade("/ws/watch", "X-More: " + "x" * 5000))


async def _a_header_of_10_kb(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send(upgrade("/ws/watch", "X-Large: " + "x" * 10_000))
    await prey.hear_out()


async def _two_hundred_headers(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send(upgrade("/ws/watch", *(f"X-{number}: x" for number in range(200))))
    await prey.hear_out()


async def _an_upgrade_that_is_none(prey: Prey) -> None:
    raw = await prey.open()
    good = upgrade("/ws/watch")
    await raw.send(
        prey.dice.choice(
            (
                upgrade("/ws/watch", version=12),
                good.replace(b"Sec-WebSocket-Key", b"X-Key"),
                good.replace(b"GET ", b"POST "),
                good.replace(b"HTTP/1.1", b"HTTP/1.0"),
                upgrade("/nothing"),
                upgrade("/ws/watch?room=%00"),
                upgrade("/ws/watch", "Origin: https://evil.example"),
                _TLS_HELLO,
                b"\x00" * 300 + b"\r\n\r\n",
            )
        )
    )
    await prey.hear_out()


async def _another_subprotocol(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send(upgrade("/ws/publish", subprotocol="graphql-ws"))
    await prey.hear_out()


async def _no_start(prey: Prey) -> None:
    await prey.silent_publisher()
    await prey.hear_out()


async def _a_frame_that_may_not_be(prey: Prey) -> None:
    raw = await prey.publisher()
    await raw.send(
        prey.dice.choice(
            (
                frame(BINARY, bytes(320), masked=False),
                frame(BINARY, bytes(320), rsv=prey.dice.randrange(1, 8)),
                frame(prey.dice.choice((3, 7, 11, 15)), b"x"),
                frame(PING, bytes(126)),
                frame(TEXT, b"\xed\xa0\x80"),
                frame(CONTINUATION, b"x"),
                frame(CLOSE, b"\x03\xee"),
            )
        )
    )
    await prey.hear_out()


async def _a_gigabyte(prey: Prey) -> None:
    raw = await prey.publisher()
    size = prey.dice.choice((2**30, 2**63, 100_000))
    await raw.send(b"\x82\xff" + struct.pack("!Q", size) + bytes(70_000))
    await prey.hear_out()


async def _garbage(prey: Prey) -> None:
    raw = await prey.publisher()
    await raw.send(prey.dice.randbytes(20_000))
    await prey.hear_out()


async def _fragments_without_end(prey: Prey) -> None:
    raw = await prey.publisher()
    await raw.send(frame(TEXT, b"", fin=False))
    await _flood(prey, raw, frame(CONTINUATION, b"", fin=False))


async def _pings_from_one_that_does_not_read(prey: Prey) -> None:
    raw = await prey.watcher(receive_buffer=4096)
    await _flood(prey, raw, frame(PING, bytes(125)))


async def _one_that_never_reads(prey: Prey) -> None:
    raw = await prey.watcher(receive_buffer=4096)
    await raw.wait_for_end()


async def _bad_messages(prey: Prey) -> None:
    raw = await prey.publisher()
    for _ in range(12):
        await raw.send(frame(TEXT, b'{"type":'))
    await prey.hear_out()


async def _a_reset_inside_a_frame(prey: Prey) -> None:
    raw = await prey.publisher()
    await raw.send(frame(BINARY, bytes(3200))[:1000])
    raw.close(reset=True)
    raw.ended = True


async def _half_a_connection(prey: Prey) -> None:
    raw = await prey.publisher()
    await raw.send(frame(BINARY, bytes(3200)))
    raw.half_close()
    await prey.hear_out()


async def _nothing_after_start(prey: Prey) -> None:
    raw = await prey.publisher()
    await raw.send(frame(BINARY, bytes(3200)))
    await raw.wait_for_end()  # it answers no ping


async def _requests_in_a_heap(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send((_GET + b"\r\n") * 40 + _GET + b"Connection: close\r\n\r\n")
    await prey.hear_out()


async def _requests_that_read_no_answer(prey: Prey) -> None:
    raw = await prey.open(receive_buffer=4096)
    for _ in range(20):
        await raw.send((_GET + b"\r\n") * 100)
    await raw.wait_for_end()


async def _a_body_that_never_comes(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send(_post(1_000_000))
    await prey.hear_out()


async def _a_byte_of_body_at_a_time(prey: Prey) -> None:
    raw = await prey.open()
    await raw.send(_post(5000))
    await _trickle(prey, bytes(5000))


def _post(size: int) -> bytes:
    return (
        "POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {size}\r\n\r\n--x\r\n"
    ).encode()


async def _trickle(prey: Prey, data: bytes) -> None:
    """Send a byte at a time, until the server has enough."""
    assert prey.raw is not None
    hearing = asyncio.create_task(prey.hear_out())
    try:
        for at in range(len(data)):
            if hearing.done():
                break
            await prey.raw.send(data[at : at + 1])
            await asyncio.sleep(_TRICKLE_S)
        await hearing
    finally:
        hearing.cancel()


async def _flood(prey: Prey, raw: RawSocket, piece: bytes) -> None:
    """Send the same again and again, and read nothing meanwhile."""
    burst = piece * _BURST
    for _ in range(_FLOOD_BYTES // len(burst)):
        await raw.send(burst)
        await asyncio.sleep(0.002)
    await prey.hear_out()


ATTACKS: dict[str, Attack] = {
    each.__name__.strip("_"): each
    for each in (
        _idle,
        _half_a_header,
        _a_byte_of_header_at_a_time,
        _a_header_of_10_kb,
        _two_hundred_headers,
        _an_upgrade_that_is_none,
        _another_subprotocol,
        _no_start,
        _a_frame_that_may_not_be,
        _a_gigabyte,
        _garbage,
        _fragments_without_end,
        _pings_from_one_that_does_not_read,
        _one_that_never_reads,
        _bad_messages,
        _a_reset_inside_a_frame,
        _half_a_connection,
        _nothing_after_start,
        _requests_in_a_heap,
        _requests_that_read_no_answer,
        _a_body_that_never_comes,
        _a_byte_of_body_at_a_time,
    )
}

_AT_ONCE, _HEADERS, _FAREWELL, _DEAD = 4.0, 8.0, 15.0, 25.0
"""Seconds: what needs no waiting; a request's headers (5); a close that is not answered (10, and
one for the abort); a peer that answers no ping (10 + 10). The rest is for the machine."""

ENDED_WITHIN_S: dict[str, float] = {
    "idle": _HEADERS,
    "half_a_header": _HEADERS,
    "a_byte_of_header_at_a_time": _HEADERS,
    "a_header_of_10_kb": _AT_ONCE,
    "two_hundred_headers": _AT_ONCE,
    # In HTTP/1.0 it is taken for one; then it is a reader that answers no ping.
    "an_upgrade_that_is_none": _DEAD,
    "another_subprotocol": _FAREWELL,
    "no_start": 5.0 + _FAREWELL,
    "a_frame_that_may_not_be": _FAREWELL,
    "a_gigabyte": _FAREWELL,
    # It may begin a frame that is never complete.
    "garbage": _DEAD,
    "fragments_without_end": _FAREWELL,
    "pings_from_one_that_does_not_read": _DEAD,
    "bad_messages": _FAREWELL,
    "half_a_connection": _FAREWELL,
    "nothing_after_start": _DEAD,
}
"""When the server has to have let go, with its default settings, of those it may not wait for. Who
reads nothing does not learn of it: a reset does not get through a window that is closed. A body
may take its time."""
