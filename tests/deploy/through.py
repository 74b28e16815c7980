"""Speaking, reading and sending through a proxy."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.settings import Settings
from tests.deploy.proxied import NAME, Proxy
from tests.serving import events_until, receive, speech

__all__ = [
    "MEGABYTE",
    "SENTENCE",
    "UPLOAD_MB",
    "Upstream",
    "browsing",
    "named",
    "opening",
    "speak_and_read",
]

SENTENCE = "good morning everyone"
MEGABYTE = 1_000_000
UPLOAD_MB = (
    Settings.model_fields["max_upload_mb"].default
    if "max_upload_mb" in Settings.model_fields
    else 100
)
"""What the server takes at most."""


@asynccontextmanager
async def browsing(proxy: Proxy) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        base_url=proxy.http, verify=proxy.trust, headers={"Host": proxy.host}, timeout=20
    ) as client:
        yield client


def named() -> dict[str, str]:
    """What makes the client ask for the proxy's name in its handshake."""
    return {"sni_hostname": NAME}


def opening(proxy: Proxy, path: str, **more: Any) -> connect:
    return connect(
        f"wss://{proxy.host}{path}",
        host="127.0.0.1",
        port=proxy.port,
        ssl=proxy.trust,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        open_timeout=20,
        **more,
    )


async def say(socket: ClientConnection) -> str:
    """Speak the sentence; return what came back as final."""
    await socket.send(json.dumps({"type": "start"}))
    await socket.send(speech(2.0))
    await socket.send(json.dumps({"type": "finalize"}))
    events = await events_until(socket, "finalized")
    return " ".join(event["text"].strip() for event in events if event["type"] == "final")


async def speak_and_read(proxy: Proxy) -> None:
    """By a page's socket, whose origin must count as the server's own, and by an event stream."""
    async with browsing(proxy) as client:
        async with (
            opening(proxy, "/ws/watch?room=main", origin=f"https://{proxy.host}") as watcher,
            client.stream("GET", "/v1/rooms/main/events", extensions=named()) as stream,
            opening(proxy, "/ws/publish?room=main") as publisher,
        ):
            lines = stream.aiter_lines()
            assert (await event_of(lines, "snapshot"))["type"] == "snapshot"
            assert (await receive(watcher))["type"] == "snapshot"
            assert await say(publisher) == SENTENCE
            watched = (await events_until(watcher, "final"))[-1]
            streamed = await event_of(lines, "final")  # buffered, it would not come yet
    assert watched["text"].strip() == SENTENCE
    assert streamed == watched


async def event_of(lines: AsyncIterator[str], kind: str) -> dict[str, Any]:
    """The next event of an event stream that is of type ``kind``."""
    async with asyncio.timeout(20):
        async for line in lines:
            if line.startswith("data:"):
                event: dict[str, Any] = json.loads(line.removeprefix("data:"))
                if event["type"] == kind:
                    return event
    raise AssertionError(f"the stream ended before {kind}")


class Upstream:
    """A server that notes what arrives."""

    def __init__(self) -> None:
        self.head = b""
        self.body = 0
        self.changed = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.head = await reader.readuntil(b"\r\n\r\n")
            while chunk := await reader.read(65536):
                async with self.changed:
                    self.body += len(chunk)
                    self.changed.notify_all()
                if self.body == int(self.header("content-length") or 0):
                    break
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()

    def header(self, name: str) -> str | None:
        found = re.findall(rf"(?im)^{name}:\s*(.*?)\r$", self.head.decode())
        assert len(found) < 2, found
        return found[0] if found else None

    async def has(self, size: int) -> None:
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.body >= size)
