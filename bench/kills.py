"""kill -9 of the server at seeded moments while several people speak, then a restart.

After each kill the database is read as the process left it: everything that a client was shown
must be there, whole, and without a hole in the numbering. In the end the captions are compared
with what was said, with an uncut run of the same speech, and with the transcript that the server
hands out. ``back`` counts from the moment at which the server takes new sessions again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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
from livecaption.protocol.server_messages import FinalMessage
from tests.faults.heard import Heard
from tests.faults.killable import KillableServer
from tests.faults.on_disk import OnDisk, read_disk

TITLE = "kill -9 while several people speak: what was shown is stored, and the captions go on"
_ALIVE_S = (6.0, 14.0)
"""How long the server lives before the next kill."""
_TAIL_S = 12.0
_ON_ITS_WAY_S = 0.2
"""For what came before the kill, and waits in the client."""


@dataclass(frozen=True, slots=True)
class Kill:
    """What one kill did."""

    integrity: str
    shown: int
    """Numbered events that clients had been shown so far, of all kinds."""
    shown_finals: int
    missing: int
    """Of all events shown, those that the disk does not have."""
    altered: int
    """Finals that the disk has with another text."""
    holes: int
    """Numbers that are missing in front of later ones."""
    restart_s: float
    """Until the server took new sessions again."""
    back_s: tuple[float, ...]
    """From then on, for each speaker, until the session was resumed."""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_interruption_options(parser, "kills", streams=4, restart_s=12.0, only="killed")


def run(options: argparse.Namespace) -> dict[str, Any]:
    result, kills = run_interrupted(options, "killed", _measure, alive_s=_ALIVE_S, tail_s=_TAIL_S)
    totals = _totals(kills)
    for name, figure in totals.items():
        print(f"  {name}: {figure}", flush=True)
    return {**result, **totals}


async def _measure(name: str, said: Speeches, moments: Sequence[float]) -> Run[Kill]:
    clock = asyncio.get_running_loop().time
    heard = [Heard(clock) for _ in said.each]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="livecaption-") as folder:
        async with KillableServer(Path(folder), said.settings, said.program) as server:
            async with asyncio.timeout(time_limit(said, moments)), asyncio.TaskGroup() as tasks:
                speaking = [
                    tasks.create_task(speak(server.url, speech.excerpt, f"room-{n}", heard[n]))
                    for n, speech in enumerate(said.each)
                ]
                kills = await interrupted(moments, speaking, lambda: _kill(server, heard))
            transcripts = [await stored_text(server, f"room-{n}") for n in range(len(heard))]
            await server.kill()
            disk = read_disk(server.directory)
            troubles = server.troubles()
    last = {"integrity": disk.integrity, "holes": len(disk.holes)}
    report = {
        "name": name,
        "load_before": load,
        "at_the_end": {
            **last,
            "transcripts_unlike_what_was_shown": unlike(heard, transcripts),
        },
        **account(heard),
        "troubles": troubles,
    }
    print(f"  {name}: {report}", flush=True)
    return Run(heard, kills, report)


async def _kill(server: KillableServer, heard: Sequence[Heard]) -> Kill:
    greeted = [len(each.readies) for each in heard]
    await server.kill()
    await asyncio.sleep(_ON_ITS_WAY_S)
    left = _left(read_disk(server.directory), heard)
    restart_s, back_s = await restarted(server, heard, greeted)
    return Kill(**left, restart_s=restart_s, back_s=back_s)


def _left(disk: OnDisk, heard: Sequence[Heard]) -> dict[str, Any]:
    """Compare what is on the disk with what all clients have been shown."""
    finals = [
        (number, event)
        for each in heard
        for number, event in each.numbered.items()
        if isinstance(event, FinalMessage)
    ]
    return {
        "integrity": disk.integrity,
        "shown": sum(len(each.numbered) for each in heard),
        "shown_finals": len(finals),
        "missing": sum(len(disk.missing(each.numbered)) for each in heard),
        "altered": sum(
            number in disk.events and disk.events[number]["text"] != event.text
            for number, event in finals
        ),
        "holes": len(disk.holes),
    }


def _totals(kills: Sequence[Kill]) -> dict[str, Any]:
    return {
        "kills": len(kills),
        "integrity_ok": sum(kill.integrity == "ok" for kill in kills),
        "missing_events": sum(kill.missing for kill in kills),
        "altered_finals": sum(kill.altered for kill in kills),
        "holes": sum(kill.holes for kill in kills),
        "restart_s": quantiles([kill.restart_s for kill in kills]),
        "back_s": quantiles([each for kill in kills for each in kill.back_s]),
    }
