"""The engine is killed, stopped, made to read wild memory and to run out of it, under speakers.

Captions are *back* for a speaker when a committed word comes whose sound lies behind the fault,
which takes a moment on a good day, too: ``uncut`` says how long at the same places. Words are
compared with an uncut run of the same speech.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.speakers import (
    Speeches,
    account,
    add_speaker_options,
    compare,
    quantiles,
    speak,
    speeches,
)
from livecaption.client.events import SessionEvent
from livecaption.protocol.server_messages import DeltaMessage
from tests.faults.heard import Heard
from tests.faults.killable import KillableServer

TITLE = "an engine that dies, hangs and runs out of memory while several people speak"

_FAULTS = {"killed": 15.0, "memory": 8.0, "segfault": 15.0, "stopped": 25.0}
"""Each with the seconds until the next one."""
_FIRST_S = 8.0
_TAIL_S = 8.0


class _Listener(Heard):
    """Remembers when committed words came, and where their sound ends."""

    words_at: list[tuple[float, float]]

    def take(self, event: SessionEvent) -> None:
        super().take(event)
        if isinstance(event, DeltaMessage):
            now = self.clock()
            self.words_at += [(now, word.end) for word in event.words]

    @property
    def began(self) -> float:
        return self.readies[0][0]

    def back_s(self, fault_at: float) -> float | None:
        """Seconds from a fault to the first word behind it; None if there was none."""
        later = (now for now, end in self.words_at if self.began + end > fault_at)
        first = next(later, None)
        return None if first is None else first - fault_at


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: str
    at: float
    """Seconds since the speech began."""


@dataclass(slots=True)
class _Run:
    heard: list[_Listener]
    report: dict[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=2, help="of all faults")
    add_speaker_options(parser, streams=8)


def run(options: argparse.Namespace) -> dict[str, Any]:
    kinds = list(itertools.chain.from_iterable([_FAULTS] * options.rounds))
    moments = itertools.accumulate([_FIRST_S, *(_FAULTS[kind] for kind in kinds)])
    faults = [_Fault(kind, at) for kind, at in zip(kinds, moments, strict=False)]
    seconds = faults[-1].at + _FAULTS[kinds[-1]] + _TAIL_S
    said = speeches("micro-en", options.streams, seconds, options.threads)
    print(f"  {len(faults)} faults, {options.streams} speakers, {seconds:.0f} s", flush=True)
    runs = {
        name: asyncio.run(_measure(name, said, planned))
        for name, planned in (("uncut", []), ("faults", faults))
    }
    result = {
        "seed": options.seed,
        "streams": options.streams,
        "seconds": round(seconds, 1),
        "faults": len(faults),
        "runs": [each.report for each in runs.values()],
        **compare(said, {name: each.heard for name, each in runs.items()}),
        "back_s": {
            kind: {name: _back(each.heard, faults, kind) for name, each in runs.items()}
            for kind in _FAULTS
        },
    }
    for name in ("errors", "differences_from_uncut", "back_s"):
        print(f"  {name}: {result[name]}", flush=True)
    return result


async def _measure(name: str, said: Speeches, faults: Sequence[_Fault]) -> _Run:
    heard = [_Listener(time.monotonic) for _ in said.each]
    for each in heard:
        each.words_at = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="livecaption-") as folder:
        program = ("-m", "bench.faulty_server", folder)
        async with KillableServer(Path(folder), said.settings, program) as server:
            limit = said.each[0].excerpt.duration + 300.0
            async with asyncio.timeout(limit), asyncio.TaskGroup() as tasks:
                for number, speech in enumerate(said.each):
                    tasks.create_task(
                        speak(server.url, speech.excerpt, f"room-{number}", heard[number])
                    )
                await asyncio.gather(*(each.greeted(0) for each in heard))
                began = time.monotonic()
                for fault in faults:
                    await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                    _cause(fault.kind, server.pid, Path(folder))
            _, page = await server.get("/metrics")
            log = (server.directory / "server.log").read_text("utf-8", errors="replace")
    metrics = page.decode()
    restarts = re.findall(r'engine_restarts_total\{cause="(\w+)"\} ([1-9]\S*)', metrics)
    report = {
        "name": name,
        "load_before": load,
        "restarts": {cause: float(count) for cause, count in restarts},
        "halved": [float(count) for count in re.findall(r"engine_halved_total (\d\S*)", metrics)],
        "engine_back_s": [round(float(s), 2) for s in re.findall(r"is back .*took_s=(\S+)", log)],
        "log": re.findall(r"(?m)^\S+ (?:WARNING|ERROR) .*", log)[:20],
        "connections_lost": sum(len(each.losses) for each in heard),
        **account(heard),
    }
    print(f"  {name}: {report}", flush=True)
    return _Run(heard, report)


def _cause(kind: str, server: int, folder: Path) -> None:
    if kind in ("memory", "segfault"):
        (folder / kind).touch()
        return
    (engine,) = [
        child
        for child in psutil.Process(server).children()
        if "livecaption.engine.child" in child.cmdline()
    ]
    engine.send_signal(signal.SIGKILL if kind == "killed" else signal.SIGSTOP)


def _back(heard: Sequence[_Listener], faults: Sequence[_Fault], kind: str) -> dict[str, Any]:
    """Say when captions were back after faults of a kind, or at the same places without them."""
    found = [
        each.back_s(each.began + fault.at)
        for each in heard
        for fault in faults
        if fault.kind == kind
    ]
    came = [back for back in found if back is not None]
    return {**(quantiles(came) if came else {}), "never": len(found) - len(came)}
