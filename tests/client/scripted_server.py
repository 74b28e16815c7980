"""A real WebSocket server on a real port that does, socket by socket, what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from livecaption.client import SessionEvent
from livecaption.client.publish import PublishClient
from livecaption.core.audio import Samples
from tests.client import wire


@dataclass
class Peer:
    """One publisher's socket, as the server sees it."""

    socket: ServerConnection
    audio: bytearray = field(default_factory=bytearray)
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def greet(self, session: str = "s_1", *, resumed: bool = False, at: int = 0) -> None:
        """Read ``start`` and answer ``ready``."""
        await self.read_until("start")
        await self.say(wire.ready(session, resumed=resumed, resume_from=at))

    async def say(self, *messages: str) -> None:
        for message in messages:
            await self.socket.send(message)

    async def hear(self, samples: int) -> None:
        """Read until this many samples have come on this socket."""
        while len(self.audio) < 2 * samples:
            await self._read()

    async def read_until(self, kind: str) -> dict[str, Any]:
        """Read up to the next text message of a type, and return it."""
        while not await self._read() or self.messages[-1]["type"] != kind:
            pass
        return self.messages[-1]

    async def finish(self) -> None:
        """Read ``stop`` and end the session as asked."""
        await self.read_until("stop")
        await self.say(wire.closed())

    def drop(self) -> None:
        """Cut the connection without a word."""
        self.socket.transport.abort()

    async def _read(self) -> bool:
        """Read one message; True for a text message."""
        message = await self.socket.recv()
        if isinstance(message, str):
            self.messages.append(json.loads(message))
            return True
        self.audio += message
        return False


@dataclass(frozen=True)
class Refusal:
    """An HTTP answer in place of a socket."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Peer], Awaitable[None]]


class ScriptedServer:
    """Plays one script or refusal per connection, in order.

    A script that fails, or that was never played, fails the test.
    """

    def __init__(self, *acts: Script | Refusal, subprotocol: str | None = "livecaption.v1") -> None:
        self._acts = list(acts)
        self._subprotocol = None if subprotocol is None else Subprotocol(subprotocol)
        self._problems: list[BaseException] = []
        self._server: Server | None = None
        self.peers: list[Peer] = []
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._play,
            "127.0.0.1",
            0,
            process_request=self._receive,
            select_subprotocol=lambda *_: self._subprotocol,
            close_timeout=0.5,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        if self._problems:
            raise self._problems[0]
        assert error is not None or not self._acts, "the client came too few times"

    async def stop(self) -> None:
        """Listen no more, and close what is open."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        assert self._acts, "the client came once too often"
        if isinstance(self._acts[0], Refusal):
            refusal = self._acts.pop(0)
            assert isinstance(refusal, Refusal)
            body = refusal.body.encode()
            headers = Headers({**refusal.headers, "Content-Length": str(len(body))})
            return Response(refusal.status, "Refused", headers, body)
        return None

    async def _play(self, socket: ServerConnection) -> None:
        script = self._acts.pop(0)
        assert not isinstance(script, Refusal)
        peer = Peer(socket)
        self.peers.append(peer)
        try:
            async with asyncio.timeout(10):
                await script(peer)
        except ConnectionClosed as closed:
            self._problems.append(AssertionError(f"the client left: {closed}"))
        except BaseException as problem:
            self._problems.append(problem)
            raise


async def blocks(count: int, *, size: int = 1600) -> AsyncIterator[Samples]:
    """Audio for a client, all at once."""
    for number in range(count):
        yield wire.numbered_samples(size, start=number * size)


async def all_events(client: PublishClient) -> list[SessionEvent]:
    """What a client shows until its session ends."""
    async with asyncio.timeout(10):
        return [event async for event in client]


def kinds(events: list[SessionEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


async def caption_all(peer: Peer) -> None:
    """The script of an uneventful session."""
    await peer.greet()
    await peer.say(wire.started(1), wire.delta(2, "Hello"), wire.partial(" the"))
    await peer.say(wire.delta(3, " there."), wire.final(4, "Hello there."))
    await peer.finish()
