"""A room with a thousand readers, one of whom stalls: do the others lose anything, are they late?

The server runs in a process of its own and a publisher speaks into the room; the readers share one
lean process (``audience_readers``). One more connects with a small receive buffer and never reads.
Fan-out delay: from the moment at which the room begins to hand an event out to the arrival of its
last byte at a reader's socket, as the kernel stamps it; and, longer by what the readers' own
process takes, until it is read. Lost: numbered events that a reader did not get.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from livecaption.bench.dialect import LiveCaptionDialect
from livecaption.bench.excerpts import excerpts, load_audio
from livecaption.bench.publisher import play
from livecaption.bench.server_process import ServerUnderTest, our_server
from livecaption.bench.vitals import summarise
from livecaption.bundled import model_path, speech_clips

TITLE = "1,000 readers of a room, one of whom stalls: events lost, fan-out delay"
ROOM = "audience"
TARGET_MS = 50.0
_READY_S = 120.0
_WRITE_S = 60.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watchers", type=int, default=1000, help="over WebSocket")
    parser.add_argument("--streams", type=int, default=0, help="over Server-Sent Events")
    parser.add_argument("--stalled", type=int, default=1, help="that never read")
    parser.add_argument("--seconds", type=float, default=60.0, help="of speech")
    parser.add_argument("--engine", choices=("scripted", "bundled"), default="bundled")
    parser.add_argument("--threads", type=int, default=1, help="of the bundled model")


def run(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(options, Path(folder)))
    figures = {**vars(options), "target_p99_ms": TARGET_MS, **figures}
    _print(figures)
    return figures


@dataclass(frozen=True, slots=True)
class Seen:
    """What the readers' process wrote down."""

    texts: list[str]
    message: np.ndarray
    reader: np.ndarray
    stamped: np.ndarray
    read: np.ndarray
    ends: list[dict[str, Any]]
    cpu_s: float

    @staticmethod
    def load(path: Path) -> Seen:
        with np.load(path) as kept:
            facts = json.loads(str(kept["facts"]))
            arrays = {name: kept[name] for name in ("message", "reader", "stamped", "read")}
        return Seen(facts["texts"], ends=facts["ends"], cpu_s=facts["cpu_s"], **arrays)


async def _measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    bundled = options.engine == "bundled"
    settings = {
        "MODEL": str(model_path()) if bundled else "scripted",
        "DEVICE": "cpu",
        "CPU_THREADS": str(options.threads),
        "MAX_WATCHERS": "100000",
        "DATA_DIR": str(folder / "data"),
    }
    (said,) = excerpts(load_audio(speech_clips()[:1]), 1, options.seconds)
    path = folder / "seen.npz"
    async with our_server(settings, observe=ROOM) as server:
        async with _readers(server, options, path):
            began, began_at = time.monotonic(), time.time()
            log = await play(server.url, said, LiveCaptionDialect(ROOM), patience_s=20.0)
            spoken, spoken_at = time.monotonic(), time.time()
            await _last_report(server)
        assert server.vitals is not None
        cost = summarise(server.vitals.between(began, spoken), 1.0)
    seen = Seen.load(path)
    return {
        "problem": log.problem,
        **_deliveries(server, seen, options.watchers + options.streams),
        **_stalled(server, began_at, spoken_at),
        "unexpected_ends": [end for end in seen.ends if not end["stalled"]],
        "server": cost,
        "readers_cores": seen.cpu_s / (spoken - began),
    }


@asynccontextmanager
async def _readers(
    server: ServerUnderTest, options: argparse.Namespace, path: Path
) -> AsyncIterator[None]:
    """Start the readers; all but the stalled have joined inside."""
    port = urlsplit(server.url).port
    counts = (options.watchers, options.streams, options.stalled)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.audience_readers", str(port), ROOM),
        *(*map(str, counts), str(path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_READY_S):
            if await process.stdout.readline() != b"ready\n":
                raise RuntimeError("The readers did not get into the room.")
        yield
        process.stdin.close()
        async with asyncio.timeout(_WRITE_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _last_report(server: ServerUnderTest) -> None:
    """Wait until the server has told about everything that was said."""
    told = len(server.crowd)
    async with asyncio.timeout(10):
        while len(server.crowd) < told + 2:  # noqa: ASYNC110 - reports have no event
            await asyncio.sleep(0.1)


def _deliveries(server: ServerUnderTest, seen: Seen, readers: int) -> dict[str, Any]:
    """Compare what the room handed out with what came, for readers that did not stall."""
    number = {text: at for at, text in enumerate(seen.texts)}
    kinds = [(each, json.loads(each.text)) for each in server.handed_out]
    captions = [(each, message) for each, message in kinds if message["type"] != "presence"]
    handed_out = np.full(len(seen.texts), np.nan)
    lost = 0
    skipped = 0
    counts = np.bincount(seen.message, minlength=len(seen.texts))
    for each, message in captions:
        at = number.get(each.text)
        came = 0 if at is None else int(counts[at])
        if at is not None:
            handed_out[at] = each.at
        if "offset" in message:
            lost += readers - came
        else:
            skipped += readers - came
    began = handed_out[seen.message]
    known = ~np.isnan(began)
    return {
        "events": len(captions),
        "deliveries": int(known.sum()),
        "lost": lost,
        "partials_replaced": skipped,
        "arrived_ms": _percentiles((seen.stamped - began)[known] * 1000),
        "read_ms": _percentiles((seen.read - began)[known] * 1000),
    }


def _percentiles(values: np.ndarray) -> dict[str, float]:
    if not len(values):
        return {}
    names = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(values, p)), 2) for name, p in names.items()}


def _stalled(server: ServerUnderTest, began: float, ended: float) -> dict[str, Any]:
    """When the stalled reader was put out of the room, and when its connection was given up."""
    spoken = [crowd for crowd in server.crowd if began < crowd.at < ended]
    readers = max((crowd.readers for crowd in spoken), default=0)
    sockets = max((crowd.sockets for crowd in spoken), default=0)
    out = (crowd.at - began for crowd in spoken if crowd.readers < readers)
    freed = (crowd.at - began for crowd in spoken if crowd.sockets < sockets)
    return {
        "stalled_out_of_room_s": round(next(out, np.nan), 1),
        "stalled_socket_freed_s": round(next(freed, np.nan), 1),
    }


def _print(figures: dict[str, Any]) -> None:
    arrived, read, server = figures["arrived_ms"], figures["read_ms"], figures["server"]
    print(
        f"  {figures['watchers']} watchers, {figures['streams']} event streams, "
        f"{figures['stalled']} stalled, engine {figures['engine']}, {figures['seconds']:g} s\n"
        f"  {figures['events']} events, {figures['deliveries']} deliveries, "
        f"{figures['lost']} lost, {figures['partials_replaced']} partials replaced by newer ones\n"
        f"  arrived after {_line(arrived)} (target p99 {TARGET_MS:g} ms)\n"
        f"  read after    {_line(read)}\n"
        f"  stalled: out of the room after {figures['stalled_out_of_room_s']} s, its connection "
        f"given up after {figures['stalled_socket_freed_s']} s (each second is looked)\n"
        f"  ended though they read: {len(figures['unexpected_ends'])}; problem of the speaker: "
        f"{figures['problem']}\n"
        f"  server {server['cpu_cores']:.2f} cores, {server['rss_mib']:.0f} MiB, loop late p99 "
        f"{server['loop_p99_ms']} ms; readers {figures['readers_cores']:.2f} cores",
        flush=True,
    )


def _line(ms: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in ms.items()) + " ms"
