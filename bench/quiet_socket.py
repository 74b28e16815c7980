"""A room in which nothing is said for ten minutes, through the proxies as they are shipped.

Two sockets and an event stream are opened through nginx and through Caddy, whichever there are: a
watcher and a reader of events that send nothing, a publisher that is muted (its client says so
every 20 s). None has pings of its own. Then a sentence is spoken, and all three must still be there
for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from livecaption.engine.scripted import ScriptedTranscriber, script
from tests.deploy.proxied import NAME, Proxy, behind_caddy, proxied
from tests.deploy.through import SENTENCE, browsing, named, opening
from tests.serving import running_server, speech

TITLE = "sockets that are quiet for minutes, through nginx and Caddy as they are shipped"

_KEEPALIVE_S = 20.0
_ANSWER_S = 60.0
_PROXIES: dict[str, Callable[[int, Path], AbstractAsyncContextManager[Proxy]]] = {
    "nginx": proxied,
    "caddy": behind_caddy,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=10.0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    result = asyncio.run(_measure(60.0 * options.minutes))
    for name, seen in result.items():
        print(f"  {name}: {seen}", flush=True)
    return {"minutes": options.minutes, "through": result}


async def _measure(seconds: float) -> dict[str, Any]:
    search = ("/usr/sbin:/usr/local/sbin", None)
    there = [name for name in _PROXIES if any(shutil.which(name, path=each) for each in search)]
    print(f"  {' and '.join(there) or 'no proxy is installed'}, {seconds:.0f} s", flush=True)
    async with asyncio.TaskGroup() as tasks:
        each = {name: tasks.create_task(_behind(name, seconds)) for name in there}
    return {name: task.result() for name, task in each.items()}


async def _behind(name: str, seconds: float) -> dict[str, Any]:
    engine = ScriptedTranscriber(script(SENTENCE, start=0.2))
    async with AsyncExitStack() as held:
        running = await held.enter_async_context(running_server(engine, allowed_hosts=(NAME,)))
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="livecaption-")))
        proxy = await held.enter_async_context(_PROXIES[name](running.port, folder))
        client = await held.enter_async_context(browsing(proxy))
        watcher = await held.enter_async_context(
            opening(proxy, "/ws/watch?room=main", ping_interval=None)
        )
        stream = await held.enter_async_context(
            client.stream("GET", "/v1/rooms/main/events", extensions=named())
        )
        publisher = await held.enter_async_context(
            opening(proxy, "/ws/publish", ping_interval=None)
        )
        await publisher.send(json.dumps({"type": "start"}))
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            said = tasks.create_task(_final(publisher))
            watched = tasks.create_task(_final(watcher))
            streamed = tasks.create_task(_streamed(stream.aiter_lines(), seconds))
            await _mute(publisher, seconds)
            quiet_s = time.monotonic() - began
            await _speak(publisher)
        return {
            "quiet_s": round(quiet_s, 1),
            "sockets_open": {"publish": said.result()[1], "watch": watched.result()[1]},
            "heard": {
                "publish": said.result()[0],
                "watch": watched.result()[0],
                "events": streamed.result(),
            },
        }


async def _mute(publisher: ClientConnection, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            await publisher.send(json.dumps({"type": "keepalive"}))
        except ConnectionClosed:
            return
        await asyncio.sleep(min(left, _KEEPALIVE_S))


async def _speak(publisher: ClientConnection) -> None:
    try:
        await publisher.send(speech(2.0))
        await publisher.send(json.dumps({"type": "stop"}))
    except ConnectionClosed:
        return


async def _final(socket: ClientConnection) -> tuple[str | None, bool]:
    """Return the first final, and whether the socket was still open for it."""
    try:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "final":
                return message["text"].strip(), True
    except ConnectionClosed:
        pass
    return None, False


async def _streamed(lines: AsyncIterator[str], seconds: float) -> str | None:
    async with asyncio.timeout(seconds + _ANSWER_S):
        async for line in lines:
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))
                if message["type"] == "final":
                    return str(message["text"]).strip()
    return None
