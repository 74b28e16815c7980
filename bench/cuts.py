"""Seeded cuts while several people speak: is a word lost or repeated, and how soon is it back?

Every speaker has a network of their own (``tests/faults/network.py``) and the client that ships;
one server, ``livecaption serve`` in a process of its own. The same speech is played three times:
uncut, with all cuts, and uncut again. What differs between the uncut runs is the floor: a decoder
that gets other windows may hear a word otherwise, and it gets other windows in every run.

``back`` counts from the return of the network. Of a connection that fell silent nobody is told:
where the network was back before the client had noticed, ``known`` counts from that moment.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
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
)
from tests.faults.heard import Heard
from tests.faults.killable import KillableServer
from tests.faults.network import Fault, FaultyNetwork, Outage
from tests.faults.plan import Cut, plan_cuts

TITLE = "seeded cuts of every kind while several people speak: words lost, words repeated, delay"
_TAIL_S = 12.0
"""Speech after the last cut."""
_RECOVERY_S = (8.0, 14.0)
"""Between the end of an outage and the beginning of the next one."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a client came through one outage; seconds."""

    fault: str
    outage_s: float
    noticed_s: float | None
    """From the beginning of the outage; None when the connection lived on."""
    back_s: float
    """From the return of the network to ``ready``, or to anything on a connection that lived on."""
    known_s: float
    """The same from the moment at which the client knew of the loss, if that came later."""
    attempts: int
    """How often ``ready`` came before the next outage; 1 unless a new connection broke as well."""
    resumed: bool
    """Whether the session went on; otherwise a new one began, with a gap."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cuts", type=int, default=100)
    add_speaker_options(parser, streams=5)
    parser.add_argument("--longest", type=float, default=60.0, help="outage, seconds")
    parser.add_argument(
        "--cut-only", action="store_true", help="no uncut runs; compare with what was said"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    cuts = plan_cuts(
        options.seed, options.cuts, outage_s=(0.1, options.longest), after_s=_RECOVERY_S
    )
    plans = [cuts[speaker :: options.streams] for speaker in range(options.streams)]
    seconds = _TAIL_S + max(sum(cut.after_s + cut.outage_s for cut in plan) for plan in plans)
    said = speeches(options.engine, options.streams, seconds, options.threads)
    none: list[list[Cut]] = [[] for _ in plans]
    ways = {"uncut": none, "cut": plans, "uncut again": none}
    if options.cut_only:
        ways = {"cut": plans}
    times = f"{len(ways)} x {seconds:.0f} s"
    print(f"  {len(cuts)} cuts, {options.streams} speakers, {times}", flush=True)
    runs = {name: asyncio.run(_measure(name, said, way)) for name, way in ways.items()}
    result = {
        "engine": options.engine,
        "seed": options.seed,
        "cuts": options.cuts,
        "streams": options.streams,
        "seconds": round(seconds, 1),
        "runs": [each.report for each in runs.values()],
        **compare(said, {name: each.heard for name, each in runs.items()}),
        "recovery": _by_fault(runs["cut"].recoveries),
        "recoveries": [asdict(each) for each in runs["cut"].recoveries],
    }
    _show(result)
    return result


# -- one run --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    heard: list[Heard]
    recoveries: list[Recovery]
    report: dict[str, Any]


async def _measure(name: str, said: Speeches, plans: Sequence[list[Cut]]) -> _Run:
    with tempfile.TemporaryDirectory(prefix="livecaption-") as folder:
        server = KillableServer(Path(folder), said.settings, said.program)
        load = os.getloadavg()[0]
        async with server:
            began = time.monotonic()
            runs = await asyncio.gather(
                *(_speaker(server, said, speaker, plan) for speaker, plan in enumerate(plans))
            )
            lasted = time.monotonic() - began
            troubles = server.troubles()
    heard = [each for each, _ in runs]
    recoveries = [
        _recovery(each, outage, following)
        for each, outages in runs
        for outage, following in zip_longest(outages, outages[1:])
    ]
    report = {"name": name, "lasted_s": round(lasted, 1), "load_before": load, **account(heard)}
    report["troubles"] = troubles
    print(f"  {name}: {report}", flush=True)
    return _Run(heard, recoveries, report)


async def _speaker(
    server: KillableServer, said: Speeches, speaker: int, plan: list[Cut]
) -> tuple[Heard, list[Outage]]:
    heard = Heard(asyncio.get_running_loop().time)
    excerpt = said.each[speaker].excerpt
    async with asyncio.timeout(excerpt.duration + 180.0), FaultyNetwork(server.port) as network:
        failing = asyncio.create_task(_fail(network, plan))
        await speak(network.url, excerpt, f"room-{speaker}", heard)
        return heard, await failing


async def _fail(network: FaultyNetwork, plan: list[Cut]) -> list[Outage]:
    outages = []
    for cut in plan:
        await asyncio.sleep(cut.after_s)
        outages.append(await network.fail(cut.fault, cut.outage_s, cut.share))
    return outages


# -- what came of it ------------------------------------------------------------------------


def _recovery(heard: Heard, outage: Outage, following: Outage | None) -> Recovery:
    until = following.began if following else outage.ended + _RECOVERY_S[1]
    losses = [at for at in heard.losses if outage.began <= at < until]
    answers = [(at, ready) for at, ready in heard.readies if outage.began <= at < until]
    readies = [at for at, _ in answers]
    arrivals = (at for at in heard.arrivals if outage.ended <= at)
    noticed = min(losses) if losses else None
    again = readies[0] if losses and readies else next(arrivals, None)
    again = float("inf") if again is None else again
    known = max(outage.ended, noticed or 0.0)
    return Recovery(
        fault=outage.fault,
        outage_s=round(outage.ended - outage.began, 3),
        noticed_s=None if noticed is None else round(noticed - outage.began, 3),
        back_s=round(max(0.0, again - outage.ended), 3),
        known_s=round(max(0.0, again - known), 3),
        attempts=len(readies),
        resumed=all(ready.resumed for _, ready in answers),
    )


def _by_fault(recoveries: Sequence[Recovery]) -> dict[str, Any]:
    groups = {"all": list(recoveries)}
    for fault in Fault:
        groups[fault.value] = [each for each in recoveries if each.fault == fault]
    return {name: _figures(group) for name, group in groups.items() if group}


def _figures(group: Sequence[Recovery]) -> dict[str, Any]:
    noticed = [each.noticed_s for each in group if each.noticed_s is not None]
    return {
        "cuts": len(group),
        "back_s": quantiles([each.back_s for each in group]),
        "known_s": quantiles([each.known_s for each in group]),
        "noticed_s": quantiles(noticed) if noticed else None,
        "lived_on": len(group) - len(noticed),
        "more_than_once": sum(each.attempts > 1 for each in group),
        "not_resumed": sum(not each.resumed for each in group),
    }


def _show(result: dict[str, Any]) -> None:
    for name, diff in result["differences_from_uncut"].items():
        print(f"  {name} against uncut: {diff}")
    for name, diff in result["errors"].items():
        print(f"  {name} against what was said: {diff}")
    for name, row in result["recovery"].items():
        print(
            f"  {name:12} {row['cuts']:4} cuts, back {row['back_s']}, known {row['known_s']}, "
            f"noticed {row['noticed_s']}, lived on {row['lived_on']}",
            flush=True,
        )
