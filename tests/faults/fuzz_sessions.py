"""Whole conversations with the application, in one process and without sockets.

What a client says is handed to the ASGI application as a WebSocket server would hand it on; so a
conversation takes a millisecond or two, and everything behind the socket takes part: the doors,
the publisher's connection, its session, the recorder, the room.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.types import Message, Scope

from livecaption.bench.costless import CostlessTranscriber
from livecaption.detect.webrtc import new_detector
from livecaption.engine.batcher import Batcher
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.app import build_app
from livecaption.settings import load_settings
from tests.faults.mutations import Mutator

__all__ = ["Conversations", "conversations"]

_GOOD_START = '{"type":"start","room":"fuzz"}'
_STOP = '{"type":"stop"}'
_AT_ONCE = 25
_STUCK_S = 60.0
"""A conversation that lasts so long has not ended because nobody ends it."""
_LIMITS = ("limit_requests", "limit_reads", "limit_connects", "limit_tokens", "limit_failures")


class _Faults(logging.Handler):
    """Keeps what is logged as an error: an exception that the server took for its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(logging.Formatter().format(record))


class Conversations:
    """Talks to an application.

    Args:
        app: whose lifespan has begun.
        faults: what was found so far; an empty list is what a server deserves.
    """

    def __init__(self, app: Starlette, faults: list[str]) -> None:
        self._app = app
        self.faults = faults
        self.codes: Counter[int] = Counter()
        """How conversations ended: close codes, and HTTP statuses of those refused before."""
        self.messages = 0

    async def fuzz(self, dice: random.Random, mutator: Mutator, count: int) -> None:
        """Hold so many drawn conversations, some of them at the same time."""
        while count > 0:
            drawn = [_drawn(dice, mutator) for _ in range(min(count, _AT_ONCE))]
            count -= len(drawn)
            await asyncio.gather(*(self.hold(scope, said) for scope, said in drawn))

    async def hold(self, scope: Scope, said: Iterable[str | bytes]) -> None:
        """Say everything, then leave; note how the conversation ended, and what went wrong."""
        client = _Client(said)
        before = len(self.faults)
        try:
            async with asyncio.timeout(_STUCK_S):
                await self._app(scope, client.receive, client.send)
        except TimeoutError:
            self.faults.append(f"a conversation did not end within {_STUCK_S:g} s")
        except Exception as error:  # noqa: BLE001 - any at all is what is looked for
            self.faults.append(f"{type(error).__name__}: {error}")
        self.messages += client.taken
        self.codes[client.ended] += 1
        if client.ended == 1011:
            self.faults.append("a session failed (1011)")
        if len(self.faults) > before:
            self.faults.append(f"… after {list(client.said)[:30]!r}")


def _drawn(dice: random.Random, mutator: Mutator) -> tuple[Scope, list[str | bytes]]:
    publishes = dice.random() < 0.8
    plain = dice.random() < 0.8
    scope = _scope(
        "/ws/publish" if publishes else "/ws/watch",
        b"" if plain else mutator.query(),
        [(b"host", b"127.0.0.1")] if plain else mutator.headers(),
        [SUBPROTOCOL] if plain or dice.random() < 0.9 else [mutator.text()[:80]],
    )
    said: list[str | bytes] = [_GOOD_START] if publishes and dice.random() < 0.7 else []
    said += [
        mutator.frame() if dice.random() < 0.3 else mutator.text()
        for _ in range(dice.choice((1, 3, 8, 20)))
    ]
    if publishes and dice.random() < 0.5:
        said.append(_STOP)
    return scope, said


class _Client:
    """Says what it has to say as fast as it is heard, and hangs up."""

    def __init__(self, said: Iterable[str | bytes]) -> None:
        self.said = list(said)
        self._left = deque(self.said)
        self.ended = 0
        self.taken = 0
        self._connected = False
        self._over = asyncio.Event()

    async def receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        if self._left and not self._over.is_set():
            self.taken += 1
            await asyncio.sleep(0)
            said = self._left.popleft()
            name = "text" if isinstance(said, str) else "bytes"
            return {"type": "websocket.receive", name: said}
        if self.said and self.said[-1] == _STOP:
            # Who stops waits for the last words; the server closes.
            async with asyncio.timeout(_STUCK_S / 2):
                await self._over.wait()
        return {"type": "websocket.disconnect", "code": 1005}

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)
        match message["type"]:
            case "websocket.close":
                self.ended = message.get("code", 1000)
                self._over.set()
            case "websocket.http.response.start":
                self.ended = message["status"]
            case "websocket.http.response.body" if not message.get("more_body", False):
                self._over.set()


def _scope(
    path: str, query: bytes, headers: list[tuple[bytes, bytes]], subprotocols: list[str]
) -> Scope:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "subprotocols": subprotocols,
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }


@asynccontextmanager
async def conversations() -> AsyncIterator[Conversations]:
    """Run an application with an engine that costs nothing, and watch its log and its loop."""
    settings = load_settings(
        None,
        store=False,
        admission=False,
        max_streams=10_000,
        resume_grace_s=0.05,
        **dict.fromkeys(_LIMITS, "off"),
    )
    app = build_app(settings, lambda: Batcher(CostlessTranscriber()), new_detector)
    watching = _Faults()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: watching.seen.append(repr(context)))
    logging.getLogger().addHandler(watching)
    try:
        async with app.router.lifespan_context(app):
            await app.state.hub.ready.wait()
            yield Conversations(app, watching.seen)
    finally:
        logging.getLogger().removeHandler(watching)
        loop.set_exception_handler(None)
