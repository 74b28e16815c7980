"""Twice the measured capacity: who was let in must not be let down.

Every stream that the server takes must keep 95 % of its words within 3 s, or be told its ``lag``;
no audio may be missing without a ``gap``. Streams that are refused must be told when to come back.
Runs once with the limits of ``serve`` as they are, and once with everybody let in.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from livecaption.bench.excerpts import Excerpt, excerpts, load_audio
from livecaption.bench.figures import StreamFigures, measure
from livecaption.bench.load_run import LoadRun, run_load, run_together
from livecaption.bench.report import run_report
from livecaption.bench.targets import OurServer
from livecaption.bundled import model_path, speech_clips
from livecaption.core.stats import percentile

TITLE = "twice the capacity: late streams are told their lag, and no audio vanishes"
LIMIT_S = 3.0
_TOLD = 0.5
"""A lag counts as told when the server named at least this part of what was seen."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--capacity", type=int, required=True, help="as livecaption bench found it")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=2)


def run(options: argparse.Namespace) -> dict[str, Any]:
    count = 2 * options.capacity
    said = excerpts(load_audio(speech_clips()), count, options.seconds)
    settings = {"MODEL": str(model_path()), "DEVICE": "cpu", "CPU_THREADS": str(options.threads)}
    ways = {
        "limits of serve": OurServer({**settings, "MAX_STREAMS": "64", "ADMISSION": "true"}),
        "everybody let in": OurServer(settings),
    }
    return {
        "streams": count,
        "limit_s": LIMIT_S,
        "ways": {name: asyncio.run(_measure(name, way, said)) for name, way in ways.items()},
    }


async def _measure(name: str, target: OurServer, said: list[Excerpt]) -> dict[str, Any]:
    async with target.serve() as server:
        result = await run_load(server.url, said, target.dialect, patience_s=40.0)
        report = run_report(run_together([result], server.vitals))
    figures = [measure(e, log) for e, log in zip(result.excerpts, result.logs, strict=True)]
    row = {**_verdicts(result, figures), **{key: report[key] for key in ("cost", "commit_s")}}
    row["commit_s"] = {key: row["commit_s"][key] for key in ("p50", "p95", "p99")}
    print(
        f"  {name}: {row['admitted']} of {len(said)} streams taken, {row['refused']} refused, "
        f"{row['broken']} broken; 95 % within {row['commit_s']['p95']} s; slow streams "
        f"{row['slow']}, of them told their lag {row['slow_and_told']}; "
        f"{row['lost_s']:.1f} s lost with a gap, {row['unexplained_s']:.2f} s without",
        flush=True,
    )
    return row


def _verdicts(result: LoadRun, figures: list[StreamFigures]) -> dict[str, Any]:
    refused = [f for f in figures if f.problem is not None and "HTTP" in f.problem]
    broken = [f for f in figures if f.problem is not None and f not in refused]
    admitted = [f for f in figures if f not in refused]
    slow = [f for f in admitted if not percentile(f.commit_delays, 95) < LIMIT_S]
    told = [f for f in slow if f.server_lag_s >= _TOLD * max(lag for _, lag in f.lags)]
    # What the server accounts for must be all that was sent.
    unexplained = sum(
        abs(log.received_s - log.accounted_s) for log in result.logs if log.ended is not None
    )
    return {
        "admitted": len(admitted),
        "refused": len(refused),
        "broken": len(broken),
        "slow": len(slow),
        "slow_and_told": len(told),
        "lost_s": round(sum(f.lost_s for f in admitted), 2),
        "unexplained_s": round(unexplained, 3),
        "problems": sorted({f.problem for f in broken if f.problem}),
        "holds": len(slow) == len(told) and not broken and unexplained < 0.05 * len(admitted),
    }
