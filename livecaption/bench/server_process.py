"""A server to measure: one this program starts for the purpose, or one that runs already."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from livecaption.bench.room_watch import HandedOut
from livecaption.bench.vitals import InnerSample, ProcessWatch, Vitals
from livecaption.engine.allocator import tuned_environment
from livecaption.errors import OperatorError

__all__ = ["Crowd", "ServerUnderTest", "our_server"]

_LEAVE_S = 45.0
"""A drain may take 30 s; a server that outlasts this is killed."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who reads a room at a moment."""

    at: float
    """Seconds since the epoch."""
    readers: int
    sockets: int
    """All connections of the server, also those that are about to end."""


@dataclass(slots=True)
class ServerUnderTest:
    """Where a server is, and what it costs."""

    url: str
    model: dict[str, Any] = field(default_factory=dict)
    vitals: Vitals | None = None
    """None for a server that was not started here."""
    handed_out: list[HandedOut] = field(default_factory=list)
    """Events of the observed room."""
    crowd: list[Crowd] = field(default_factory=list)
    """How many read the observed room, each second."""
    errors: list[str] = field(default_factory=list)
    """What it logged as an error since it was ready."""


@asynccontextmanager
async def our_server(
    settings: Mapping[str, str], observe: str | None = None
) -> AsyncIterator[ServerUnderTest]:
    """Start our server on a free port of this machine; leave it ready, and stop it afterwards.

    Args:
        settings: by their name in upper case, such as ``{"MODEL": "micro-en"}``; what is not
            given comes from the environment, as for ``livecaption serve``. Transcripts are kept
            in a directory of their own, which is deleted afterwards.
        observe: a room of which ``handed_out`` and ``crowd`` are kept.

    Raises:
        OperatorError: it does not start; the sentence is its own.
    """
    environment = tuned_environment(os.environ) or dict(os.environ)
    environment |= {"LIVECAPTION_HOST": "127.0.0.1", "LIVECAPTION_PORT": "0"}
    environment |= {f"LIVECAPTION_{name}": value for name, value in settings.items()}
    with tempfile.TemporaryDirectory(prefix="livecaption-bench-") as directory:
        environment.setdefault("LIVECAPTION_DATA_DIR", directory)
        async with _started(environment, observe) as server:
            yield server


@asynccontextmanager
async def _started(
    environment: Mapping[str, str], observe: str | None
) -> AsyncIterator[ServerUnderTest]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livecaption.bench.measured_server"),
        *(("--observe", observe) if observe else ()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=2**23,
    )
    try:
        ready = await _first_line(process)
        server = ServerUnderTest(f"ws://127.0.0.1:{ready['port']}", ready["model"], Vitals())
        assert server.vitals is not None
        # No task group: it would wrap what the body raises, and its sentence is for the user.
        watching = [
            asyncio.create_task(ProcessWatch(process.pid, server.vitals).watch()),
            asyncio.create_task(_read(process, server)),
        ]
        try:
            yield server
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)
    finally:
        await _stop(process)


async def _first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    said = json.loads(line) if line else {"failed": "The server ended before it was ready."}
    if "failed" in said:
        raise OperatorError(said["failed"])
    ready: dict[str, Any] = said
    return ready


async def _read(process: asyncio.subprocess.Process, server: ServerUnderTest) -> None:
    assert process.stdout is not None
    assert server.vitals is not None
    async for line in process.stdout:
        said = json.loads(line)
        if "readers" in said:
            server.crowd.append(Crowd(time.time(), said["readers"], said["sockets"]))
            server.handed_out += [HandedOut(at, text) for at, text in said["handed_out"]]
        if "tasks" in said:
            server.errors += said["errors"]
            server.vitals.inner.append(
                InnerSample(
                    at=time.monotonic(),
                    tasks=said["tasks"],
                    engine_s=said["engine_s"],
                    batches=said["batches"],
                    rows=said["rows"],
                    loop_delays_ms=tuple(said["loop_delays_ms"]),
                )
            )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_LEAVE_S):
            # Its last words must be read, or it could not write them.
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
