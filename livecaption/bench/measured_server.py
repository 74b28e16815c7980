"""The server as ``livecaption serve`` runs it, in a process of its own, telling how it feels.

Settings come from the environment (``LIVECAPTION_*``). Once a second a line of JSON on standard
output says what only the inside knows: tasks, time spent in the engine, how late the event
loop was, and what was logged as an error. The server ends when standard input does, so that none is
left behind by a benchmark that was killed. With ``--observe ROOM`` it also says when that room
handed out each event.

Run as ``python -m livecaption.bench.measured_server``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any

import uvloop
from starlette.applications import Starlette

from livecaption.asgi import create_app, running_engine
from livecaption.bench.costless import CostlessTranscriber
from livecaption.bench.inner_vitals import LoopDelays
from livecaption.bench.room_watch import RoomWatch
from livecaption.engine.base import Transcriber
from livecaption.engine.scripted_files import ScriptedFiles
from livecaption.errors import LiveCaptionError
from livecaption.server.hub import CaptionHub
from livecaption.server.serving import LiveServer, bind
from livecaption.settings import Settings, load_settings

__all__ = ["SCRIPTED", "main"]

SCRIPTED = "scripted"
"""As ``LIVECAPTION_MODEL``: an engine that costs nothing, to measure all the rest."""


class _Errors(logging.Handler):
    """Keeps what is logged as an error, until it is told."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._sentences.append(f"{record.name}: {record.getMessage()}")

    def drain(self) -> list[str]:
        told, self._sentences = self._sentences, []
        return told


def main() -> None:
    """Serve until SIGTERM or the end of standard input."""
    logging.basicConfig(level="WARNING", stream=sys.stderr)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observe", metavar="ROOM")
    observed: str | None = parser.parse_args().observe
    try:
        settings = load_settings()
        listener = bind(settings)
        with _engine(settings) as engine:
            _serve(settings, listener, create_app(settings, engine), observed)
    except LiveCaptionError as error:
        _say(failed=str(error))
        sys.exit(1)


def _serve(
    settings: Settings, listener: socket.socket, app: Starlette, observed: str | None
) -> None:
    server = LiveServer(app, settings)
    threading.Thread(target=_leave_with_parent, daemon=True).start()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        telling = asyncio.create_task(_tell(server, app.state, listener.getsockname()[1], observed))
        await asyncio.wait({serving, telling}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done() and telling.exception() is not None:
            _say(failed=str(telling.exception()))
            server.leave()
        await asyncio.wait({serving})
        telling.cancel()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())


def _engine(settings: Settings) -> AbstractContextManager[Transcriber]:
    if settings.model != SCRIPTED:
        return running_engine(settings, logging.getLogger(__name__).info)
    return nullcontext(CostlessTranscriber(files=ScriptedFiles()))


async def _tell(server: LiveServer, state: Any, port: int, observed: str | None) -> None:
    await server.wait_ready()
    hub: CaptionHub = state.hub
    delays, errors = LoopDelays(), _Errors()
    logging.getLogger().addHandler(errors)
    async with asyncio.TaskGroup() as tasks, _observation(hub, observed) as watch:
        _say(ready=True, port=port, model=_model_of(hub))
        tasks.create_task(delays.watch())
        while True:
            await asyncio.sleep(1.0)
            stats = hub.batcher.stats
            _say(
                tasks=len(asyncio.all_tasks()),
                engine_s=round(stats.busy_s, 4),
                batches=stats.batches,
                rows=stats.rows,
                waiting=hub.batcher.waiting,
                loop_delays_ms=delays.drain(),
                errors=errors.drain(),
            )
            if watch is not None:
                sockets = len(server.server_state.connections)
                events = [[each.at, each.text] for each in watch.drain()]
                _say(readers=watch.readers, sockets=sockets, handed_out=events)


@asynccontextmanager
async def _observation(hub: CaptionHub, room_name: str | None) -> AsyncIterator[RoomWatch | None]:
    if room_name is None:
        yield None
        return
    room = await hub.rooms.open(room_name)
    try:
        yield RoomWatch(room)
    finally:
        hub.rooms.release(room)


def _model_of(hub: CaptionHub) -> dict[str, Any]:
    info = hub.model
    return {
        "name": info.name,
        "device": info.device,
        "compute_type": info.compute_type,
        "workers": info.workers,
    }


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
