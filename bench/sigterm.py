"""SIGTERM at seeded moments while several people speak and are read, then a restart.

Every socket leads through a tap (``tests/faults/tap.py``) that follows the server's frames: what
came last on it, and with which code it was closed. Each speaker has a reader; both are the clients
that ship, and come back by themselves. In the end the captions are compared with what was said,
with an uncut run of the same speech, with what the readers got and with the stored transcripts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.interruptions import (
    Run,
    add_interruption_options,
    interrupted,
    restarted,
    run_interrupted,
    time_limit,
    unlike,
)
from bench.speakers import Speeches, account, quantiles, speak, stored_text
from livecaption.client import watch
from livecaption.protocol.server_messages import RoomFinal, Snapshot
from tests.faults.heard import Heard
from tests.faults.killable import KillableServer
from tests.faults.on_disk import read_disk
from tests.faults.tap import Tap, TappedSocket, tapped

TITLE = "SIGTERM while several people speak: words, close codes, seconds until the process is gone"
_ALIVE_S = (3.0, 7.0)
"""How long the server is up before the next signal."""
_TAIL_S = 8.0
_LONGEST_S = 60.0
"""After which an exit counts as never."""
_CATCH_UP_S = 30.0
_RESTART_CODE = 1012
_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Stop:
    """What one SIGTERM did; seconds count from the signal."""

    status: int
    """Of the process."""
    exit_s: float
    unready_s: float | None
    """Until ``/readyz`` said 503; None when the port was closed sooner."""
    speaking: int
    """Publishers in the middle of an utterance when the signal came."""
    sockets: int
    closed: dict[str, int]
    """Of these, how many ended with which code."""
    unfinished: int
    """Sockets that were closed before the last caption of what had begun on them."""
    late: int
    """Messages behind a close frame."""
    restart_s: float
    """Until the server took new sessions again; from its start."""
    back_s: tuple[float, ...]
    """From then on, for each speaker, until the session was resumed."""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_interruption_options(parser, "times", streams=8, restart_s=6.0, only="stopped")


def run(options: argparse.Namespace) -> dict[str, Any]:
    result, stops = run_interrupted(options, "stopped", _measure, alive_s=_ALIVE_S, tail_s=_TAIL_S)
    totals = _totals(stops)
    for name, figure in totals.items():
        print(f"  {name}: {figure}", flush=True)
    return {**result, **totals}


# -- one run --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    """What a reader was shown of its room."""

    finals: dict[int, str] = field(default_factory=dict)
    """By offset."""

    async def read(self, url: str, room: str) -> None:
        """Read until cancelled."""
        async with watch(url, room) as messages:
            async for message in messages:
                if isinstance(message, Snapshot):
                    self.finals |= {final.offset: final.text for final in message.finals}
                elif isinstance(message, RoomFinal):
                    self.finals[message.offset] = message.text

    @property
    def text(self) -> str:
        return " ".join(text for _, text in sorted(self.finals.items()) if text)


async def _measure(name: str, said: Speeches, moments: Sequence[float]) -> Run[Stop]:
    clock = asyncio.get_running_loop().time
    heard = [Heard(clock) for _ in said.each]
    readers = [_Reader() for _ in said.each]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="livecaption-") as folder:
        async with (
            KillableServer(Path(folder), said.settings, said.program) as server,
            tapped(server.port) as tap,
        ):
            async with asyncio.timeout(time_limit(said, moments)), asyncio.TaskGroup() as tasks:
                reading = [
                    tasks.create_task(reader.read(tap.url, f"room-{n}"))
                    for n, reader in enumerate(readers)
                ]
                speaking = [
                    tasks.create_task(speak(tap.url, speech.excerpt, f"room-{n}", heard[n]))
                    for n, speech in enumerate(said.each)
                ]
                stops = await interrupted(moments, speaking, lambda: _stop(server, tap, heard))
                await asyncio.wait(speaking)
                await _all_read(readers, heard)
                for task in reading:
                    task.cancel()
            stored = [await stored_text(server, f"room-{n}") for n in range(len(heard))]
            await server.kill()
            disk = read_disk(server.directory)
            troubles = server.troubles()
    report = {
        "name": name,
        "load_before": load,
        "integrity": disk.integrity,
        "holes": len(disk.holes),
        "missing_events": sum(len(disk.missing(each.numbered)) for each in heard),
        "transcripts_unlike_what_was_shown": unlike(heard, stored),
        "readers_unlike_what_was_shown": unlike(heard, [reader.text for reader in readers]),
        **account(heard),
        "troubles": troubles,
    }
    print(f"  {name}: {report}", flush=True)
    return Run(heard, stops, report)


async def _all_read(readers: Sequence[_Reader], heard: Sequence[Heard]) -> None:
    """Give readers that are on their way back the time they need."""
    until = asyncio.get_running_loop().time() + _CATCH_UP_S
    while asyncio.get_running_loop().time() < until:
        if not unlike(heard, [reader.text for reader in readers]):
            return
        await asyncio.sleep(_LOOK_S)


async def _stop(server: KillableServer, tap: Tap, heard: Sequence[Heard]) -> Stop:
    clock = asyncio.get_running_loop().time
    greeted = [len(each.readies) for each in heard]
    live = tap.live
    in_speech = sum(bool(each.open) for each in live if each.path.startswith("/ws/publish"))
    began = clock()
    server.signal()
    asking = asyncio.create_task(_unready(server))
    status = await server.gone(_LONGEST_S)
    exit_s = clock() - began
    unready = await asking
    await tap.ended(live)
    restart_s, back_s = await restarted(server, heard, greeted)
    return Stop(
        status=status,
        exit_s=round(exit_s, 3),
        unready_s=None if unready is None else round(unready - began, 3),
        speaking=in_speech,
        restart_s=restart_s,
        back_s=back_s,
        **_seen(live),
    )


async def _unready(server: KillableServer) -> float | None:
    """Return when ``/readyz`` says that nobody new is welcome."""
    while True:
        try:
            status, _ = await server.get("/readyz")
        except OSError:
            return None
        if status == 503:
            return asyncio.get_running_loop().time()


def _seen(sockets: Sequence[TappedSocket]) -> dict[str, Any]:
    codes = [str(each.close) for each in sockets]
    return {
        "sockets": len(sockets),
        "closed": {code: codes.count(code) for code in sorted(set(codes))},
        "unfinished": sum(bool(each.open) for each in sockets),
        "late": sum(each.late for each in sockets),
    }


# -- what came of it ------------------------------------------------------------------------


def _totals(stops: Sequence[Stop]) -> dict[str, Any]:
    unready = [stop.unready_s for stop in stops if stop.unready_s is not None]
    return {
        "stops": len(stops),
        "status_0": sum(stop.status == 0 for stop in stops),
        "sockets": sum(stop.sockets for stop in stops),
        "closed_1012": sum(stop.closed.get(str(_RESTART_CODE), 0) for stop in stops),
        "unfinished": sum(stop.unfinished for stop in stops),
        "late": sum(stop.late for stop in stops),
        "speaking": sum(stop.speaking for stop in stops),
        "exit_s": quantiles([stop.exit_s for stop in stops]),
        "unready_s": quantiles(unready) if unready else None,
        "restart_s": quantiles([stop.restart_s for stop in stops]),
        "back_s": quantiles([each for stop in stops for each in stop.back_s]),
    }
