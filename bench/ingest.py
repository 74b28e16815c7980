"""How many streams one event loop takes in, with an engine that costs nothing.

The server runs as it is, in a process of its own on one core; publishers send 100 ms ten times a
second each. What counts is how late the server's loop is at the 99th percentile: that is what
every socket waits. With ``quiet``, frames are all there is to do (socket, converter, ring buffer,
detector, gate). With ``speech`` every stream says the bundled meeting, and its decodes (which cost
nothing themselves), captions, acknowledgements and status come on top.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from typing import Any

import numpy as np

from livecaption.bench.excerpts import Excerpt, excerpts, load_audio
from livecaption.bench.load_run import run_load, run_together
from livecaption.bench.report import run_report
from livecaption.bench.targets import OurServer
from livecaption.bundled import speech_clips

TITLE = "event-loop ingest of 500 and 1,000 streams, scripted engine, one core"
TARGET_MS = 50.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--streams", default="500,1000", help="counts, separated by commas")
    parser.add_argument("--audio", default="quiet,speech", help="quiet, speech or both")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument(
        "--no-pin", action="store_true", help="leave the choice of cores to the system"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    counts = [int(count) for count in options.streams.split(",")]
    rows = [
        asyncio.run(_measure(audio, count, options.seconds, pin=not options.no_pin))
        for audio in options.audio.split(",")
        for count in counts
    ]
    return {"target_p99_ms": TARGET_MS, "runs": rows}


async def _measure(audio: str, count: int, seconds: float, *, pin: bool) -> dict[str, Any]:
    target = OurServer({"MODEL": "scripted"})
    said = excerpts(load_audio(speech_clips()[:1]), count, seconds)
    if audio == "quiet":
        room = np.random.default_rng(1).integers(-12, 12, 16_000 * 30, dtype=np.int16)
        said = [Excerpt("quiet", room, 0, int(seconds * 16_000), ())] * count
    async with target.serve() as server:
        if pin:
            _pin_apart()
        result = await run_load(server.url, said, target.dialect, patience_s=10.0)
        report = run_report(run_together([result], server.vitals))
    report["audio"] = audio
    kept = ("audio", "streams", "commit_s", "lost_s", "problems", "cost", "client")
    row = {name: report[name] for name in kept}
    row["commit_s"] = {name: report["commit_s"][name] for name in ("p50", "p95", "p99")}
    cost = row["cost"]
    print(
        f"  {count:5} streams, {audio}: loop late p99 {cost['loop_p99_ms']} ms "
        f"(target {TARGET_MS:g}), "
        f"server {cost['cpu_cores']} cores, client late p99 {row['client']['late_p99_s']} s, "
        f"{len(row['problems'])} streams failed, {row['lost_s']} s lost",
        flush=True,
    )
    return row


def _pin_apart() -> None:
    """Give the server a core of its own and this process the rest, where there are two."""
    cores = list(range(os.cpu_count() or 1)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        return
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children():
            child.cpu_affinity(cores[:1])
        os.sched_setaffinity(0, cores[1:])
