"""Many readers of a room in one lean process: raw sockets, one epoll loop, no library in between.

What a library costs a thousand times over would be measured as the server's delay. So a message is
a WebSocket frame cut from the bytes that came, and is not parsed: a room sends every reader the
same bytes. Each arrival is noted twice, as the kernel stamped the packet and as it was read.

Run as ``python -m bench.audience_readers PORT ROOM WATCHERS STREAMS STALLED FILE``; says ``ready``
when all but the stalled have their snapshot, and writes the file when standard input ends.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import select
import socket
import struct
import sys
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_SO_TIMESTAMPNS = 35
"""Linux: packets carry the time of their arrival; Python has no name for it."""
_ANCILLARY = socket.CMSG_SPACE(16)
_CONNECT_S = 20.0
_STALLED_BUFFER = 4096
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


@dataclass(slots=True)
class Reader:
    """One connection."""

    number: int
    socket: socket.socket
    stream: bool
    """Server-Sent Events instead of a WebSocket."""
    stalled: bool = False
    waiting: bytes = b""
    greeted: bool = False
    ended_at: float | None = None
    """When the server let go of it, seconds since the epoch."""
    code: int | None = None
    """With which close code."""


@dataclass(slots=True)
class Arrivals:
    """Which message came to whom, and when; seconds since the epoch."""

    messages: dict[bytes, int] = field(default_factory=dict)
    message: array[int] = field(default_factory=lambda: array("i"))
    reader: array[int] = field(default_factory=lambda: array("i"))
    stamped: array[float] = field(default_factory=lambda: array("d"))
    read: array[float] = field(default_factory=lambda: array("d"))

    def note(self, text: bytes, reader: int, stamped: float, read: float) -> None:
        self.message.append(self.messages.setdefault(text, len(self.messages)))
        self.reader.append(reader)
        self.stamped.append(stamped)
        self.read.append(read)


def open_reader(number: int, port: int, request: bytes, *, stream: bool, stalled: bool) -> Reader:
    """Connect and ask; a reader that stalls does not even read the answer."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(_CONNECT_S)
    if stalled:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _STALLED_BUFFER)
    connection.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    connection.connect(("127.0.0.1", port))
    connection.sendall(request)
    reader = Reader(number, connection, stream, stalled)
    if not stalled:
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(4096)
            if not part:
                raise ConnectionError(f"the server closed reader {number}: {head!r}")
            head += part
        status = head.split(b" ", 2)[1]
        if status not in (b"101", b"200"):
            raise ConnectionError(f"the server refused reader {number}: {head[:200]!r}")
        reader.waiting = head.partition(b"\r\n\r\n")[2]
    connection.setblocking(False)
    return reader


def watcher_request(port: int, room: str) -> bytes:
    """Return the handshake of ``/ws/watch``."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws/watch?room={room} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: livecaption.v1\r\n\r\n"
    ).encode()


def stream_request(port: int, room: str) -> bytes:
    """Return the request for a room's Server-Sent Events."""
    return f"GET /v1/rooms/{room}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def frames(reader: Reader) -> Iterator[tuple[int, bytes]]:
    """Cut whole WebSocket frames (not masked, not continued) from what came."""
    data, at = reader.waiting, 0
    while len(data) - at >= 2:
        length, start = data[at + 1], at + 2
        if length == 126:
            start += 2
            length = int.from_bytes(data[at + 2 : start], "big")
        elif length == 127:
            start += 8
            length = int.from_bytes(data[at + 2 : start], "big")
        if len(data) < start + length:
            break
        yield data[at] & 0x0F, data[start : start + length]
        at = start + length
    reader.waiting = data[at:]


def events(reader: Reader) -> Iterator[tuple[int, bytes]]:
    """Cut the data of whole Server-Sent Events from a chunked answer."""
    *whole, reader.waiting = reader.waiting.split(b"\n\n\r\n")
    for event in whole:
        data = event.rpartition(b"\ndata: ")[2]
        if data.startswith(b"{"):
            yield _TEXT, data


class Audience:
    """All readers of the process, and what came to them."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.readers: dict[int, Reader] = {}
        self._poll = select.epoll()

    def add(self, reader: Reader) -> None:
        self.readers[reader.socket.fileno()] = reader
        # The end of a connection is noticed without reading.
        mask = select.EPOLLRDHUP if reader.stalled else select.EPOLLIN
        self._poll.register(reader.socket, mask)
        if reader.waiting:
            self._cut(reader, time.time())

    def serve(self) -> None:
        """Read until standard input ends."""
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)
        told = False
        while True:
            for descriptor, _ in self._poll.poll(1.0):
                if descriptor == sys.stdin.fileno():
                    return
                self._take(self.readers[descriptor])
            if not told and all(r.greeted or r.stalled for r in self.readers.values()):
                print("ready", flush=True)
                told = True

    def _take(self, reader: Reader) -> None:
        if reader.stalled:
            self._end(reader)
            return
        try:
            part, ancillary, _, _ = reader.socket.recvmsg(65_536, _ANCILLARY)
        except BlockingIOError:
            return
        except ConnectionError:
            part, ancillary = b"", []
        if not part:
            self._end(reader)
            return
        reader.waiting = reader.waiting + part if reader.waiting else part
        self._cut(reader, _stamp(ancillary))

    def _cut(self, reader: Reader, stamped: float) -> None:
        read = time.time()
        for opcode, payload in events(reader) if reader.stream else frames(reader):
            if opcode == _TEXT:
                reader.greeted = True
                self.arrivals.note(payload, reader.number, stamped, read)
            elif opcode == _PING:
                # Masked with zeros: what is masked stays as it is.
                head = bytes((0x80 | _PONG, 0x80 | len(payload), 0, 0, 0, 0))
                reader.socket.send(head + payload)
            elif opcode == _CLOSE:
                reader.code = int.from_bytes(payload[:2], "big")

    def _end(self, reader: Reader) -> None:
        reader.ended_at = time.time()
        self._poll.unregister(reader.socket)
        reader.socket.close()

    def write(self, path: Path) -> None:
        """Save everything."""
        texts = [text.decode() for text in self.arrivals.messages]
        ends = [
            {"reader": r.number, "stalled": r.stalled, "at": r.ended_at, "code": r.code}
            for r in self.readers.values()
            if r.ended_at is not None
        ]
        facts = {"texts": texts, "ends": ends, "cpu_s": time.process_time()}
        np.savez(
            path,
            message=np.array(self.arrivals.message, np.int32),
            reader=np.array(self.arrivals.reader, np.int32),
            stamped=np.array(self.arrivals.stamped),
            read=np.array(self.arrivals.read),
            facts=np.array(json.dumps(facts)),
        )


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    """When the last of what was read arrived; now, if the kernel does not say."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()


def main() -> None:
    port, room = int(sys.argv[1]), sys.argv[2]
    watchers, streams, stalled = (int(count) for count in sys.argv[3:6])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    audience = Audience()
    for number in range(watchers + streams + stalled):
        stream = watchers <= number < watchers + streams
        request = (stream_request if stream else watcher_request)(port, room)
        stalls = number >= watchers + streams
        audience.add(open_reader(number, port, request, stream=stream, stalled=stalls))
    audience.serve()
    audience.write(Path(sys.argv[6]))


if __name__ == "__main__":
    main()
