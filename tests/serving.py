"""A real server on a real port, inside the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from livecaption.core.audio import SAMPLE_RATE
from livecaption.detect.webrtc import new_detector
from livecaption.engine.base import Transcriber
from livecaption.engine.batcher import Batcher
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.app import build_app
from livecaption.server.hub import CaptionHub
from livecaption.server.metrics_port import bind_metrics
from livecaption.server.serving import LiveServer, bind
from livecaption.server.wire_limits import WireLimits
from livecaption.settings import Settings, load_settings

__all__ = [
    "Running",
    "close_code",
    "events_until",
    "free_port",
    "open_publisher",
    "receive",
    "running_server",
    "speech",
    "within",
]


@dataclass(slots=True)
class Running:
    """A server that accepts connections."""

    server: LiveServer
    hub: CaptionHub
    port: int
    metrics_port: int | None = None

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@asynccontextmanager
async def running_server(transcriber: Transcriber, **given: Any) -> AsyncIterator[Running]:
    """Serve until the block ends, then stop the way a signal does.

    Given are settings, and ``wire``: ``WireLimits`` other than what the settings say.
    """
    wire: WireLimits | None = given.pop("wire", None)
    settings: Settings = load_settings(
        None, **{"port": 0, "max_speed": 1000.0, "store": False, **given}
    )
    app = build_app(settings, lambda: Batcher(transcriber), new_detector)
    listener = bind(settings)
    metrics = bind_metrics(settings)
    server = LiveServer(app, settings, metrics, wire)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(180):  # a model is warmed up, on a machine that may be busy
        await within(lambda: server.started, 180)
        await app.state.hub.ready.wait()
    try:
        own = None if metrics is None else metrics.getsockname()[1]
        yield Running(server, app.state.hub, listener.getsockname()[1], own)
    finally:
        if server._draining is None:  # a second signal would not wait for anything
            server.handle_exit(15, None)
        await serving


@asynccontextmanager
async def open_publisher(running: Running, **start: Any) -> AsyncIterator[ClientConnection]:
    """A publisher that has sent ``start`` and read ``ready``."""
    async with connect(
        f"{running.ws}/ws/publish", subprotocols=[Subprotocol(SUBPROTOCOL)]
    ) as socket:
        await socket.send(json.dumps({"type": "start", **start}))
        assert (await receive(socket))["type"] == "ready"
        yield socket


@asynccontextmanager
async def talking(socket: ClientConnection) -> AsyncIterator[None]:
    """Send audio as somebody does who is there."""

    async def talk() -> None:
        while True:
            await socket.send(speech(0.1))
            await asyncio.sleep(0.1)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def receive(socket: ClientConnection) -> dict[str, Any]:
    """The next message, word of who speaks left out."""
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] != "presence":
                return message


async def events_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """All messages up to and including the first of type ``kind``, advisory ones left out."""
    events = []
    while True:
        message = await receive(socket)
        if message["type"] not in ("ack", "status"):
            events.append(message)
        if message["type"] == kind:
            return events


def speech(seconds: float, seed: int = 1) -> bytes:
    """Loud noise that webrtcvad takes for speech, s16le 16 kHz; the engine has its script."""
    noise = np.random.default_rng(seed).normal(0, 6000, int(seconds * SAMPLE_RATE))
    return np.clip(noise, -32768, 32767).astype("<i2").tobytes()


def free_port() -> int:
    """A port of this machine at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def within(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition has no event of its own
            await asyncio.sleep(0.01)


async def close_code(socket: ClientConnection) -> int | None:
    """Read to the end, and return the code the server closed with."""
    async with asyncio.timeout(10):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code
