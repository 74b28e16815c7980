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
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.speakers import (
    Speeches,
    account,
    add_speaker_options,
    compare,
    quantiles,
    speak,
    speeches,
    stored_text,
)
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
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument(
        "--restart-s",
        type=float,
        default=12.0,
        help="what a restart is taken to last when the length of the speech is chosen",
    )
    add_speaker_options(parser, streams=4)
    parser.add_argument(
        "--killed-only", action="store_true", help="no uncut run; compare with what was said"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    dice = random.Random(options.seed)
    moments = [dice.uniform(*_ALIVE_S) for _ in range(options.kills)]
    seconds = sum(moments) + options.restart_s * len(moments) + _TAIL_S
    said = speeches(options.engine, options.streams, seconds, options.threads)
    print(f"  {len(moments)} kills, {options.streams} speakers, {seconds:.0f} s", flush=True)
    ways = {"killed": moments} if options.killed_only else {"uncut": [], "killed": moments}
    runs = {name: asyncio.run(_measure(name, said, way)) for name, way in ways.items()}
    killed = runs["killed"]
    result = {
        "engine": options.engine,
        "seed": options.seed,
        "streams": options.streams,
        "seconds": round(seconds, 1),
        "runs": [each.report for each in runs.values()],
        **compare(said, {name: each.heard for name, each in runs.items()}),
        **_totals(killed.kills),
        "each_kill": [asdict(kill) for kill in killed.kills],
    }
    _show(result)
    return result


@dataclass(slots=True)
class _Run:
    heard: list[Heard]
    kills: list[Kill]
    report: dict[str, Any]


async def _measure(name: str, said: Speeches, moments: Sequence[float]) -> _Run:
    clock = asyncio.get_running_loop().time
    heard = [Heard(clock) for _ in said.each]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="livecaption-") as folder:
        async with KillableServer(Path(folder), said.settings, said.program) as server:
            limit = said.each[0].excerpt.duration + 120.0 + 60.0 * len(moments)
            async with asyncio.timeout(limit), asyncio.TaskGroup() as tasks:
                speaking = [
                    tasks.create_task(speak(server.url, speech.excerpt, f"room-{n}", heard[n]))
                    for n, speech in enumerate(said.each)
                ]
                kills = await _kill(server, heard, moments, speaking)
            transcripts = [await stored_text(server, f"room-{n}") for n in range(len(heard))]
            await server.kill()
            disk = read_disk(server.directory)
            troubles = server.troubles()
    last = {"integrity": disk.integrity, "holes": len(disk.holes)}
    unlike = sum(text != each.text for text, each in zip(transcripts, heard, strict=True))
    report = {
        "name": name,
        "load_before": load,
        "at_the_end": {**last, "transcripts_unlike_what_was_shown": unlike},
        **account(heard),
        "troubles": troubles,
    }
    print(f"  {name}: {report}", flush=True)
    return _Run(heard, kills, report)


async def _kill(
    server: KillableServer,
    heard: Sequence[Heard],
    moments: Sequence[float],
    speaking: Sequence[asyncio.Task[None]],
) -> list[Kill]:
    clock = asyncio.get_running_loop().time
    kills: list[Kill] = []
    for moment in moments:
        await asyncio.sleep(moment)
        if any(task.done() for task in speaking):
            print(f"  the speech ended after {len(kills)} kills", flush=True)
            break
        greeted = [len(each.readies) for each in heard]
        await server.kill()
        await asyncio.sleep(_ON_ITS_WAY_S)
        left = _left(read_disk(server.directory), heard)
        began = clock()
        await server.start()
        up = clock()
        pairs = list(zip(heard, greeted, strict=True))
        await asyncio.gather(*(each.greeted(count) for each, count in pairs))
        back = [each.readies[count][0] - up for each, count in pairs]
        kills.append(Kill(**left, restart_s=up - began, back_s=tuple(max(0.0, b) for b in back)))
        print(f"  {len(kills)}: {kills[-1]}", flush=True)
    return kills


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
    back = [each for kill in kills for each in kill.back_s]
    restarts = [kill.restart_s for kill in kills]
    return {
        "kills": len(kills),
        "integrity_ok": sum(kill.integrity == "ok" for kill in kills),
        "missing_events": sum(kill.missing for kill in kills),
        "altered_finals": sum(kill.altered for kill in kills),
        "holes": sum(kill.holes for kill in kills),
        "restart_s": quantiles(restarts),
        "back_s": quantiles(back),
    }


def _show(result: dict[str, Any]) -> None:
    for name in ("differences_from_uncut", "errors"):
        print(f"  {name}: {result[name]}")
    kept = ("kills", "integrity_ok", "missing_events", "altered_finals", "holes")
    print(f"  { ({name: result[name] for name in kept}) }")
    print(f"  restart {result['restart_s']}, back {result['back_s']}", flush=True)
