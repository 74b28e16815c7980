"""What files cost those who are captioned live: the commit delay with files queued, and without.

One server, the bundled model. The same speakers are played in turns: with nothing else to do, and
with so many files waiting to be transcribed, each sent again as soon as it is answered. How much of
them gets done meanwhile is reported, too: nothing done would be cheap.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from livecaption.bench.excerpts import excerpts, load_audio
from livecaption.bench.load_run import LoadRun, RunFigures, run_load, run_together
from livecaption.bench.targets import OurServer
from livecaption.bundled import speech_clips
from livecaption.core.stats import percentile

TITLE = "commit delay of live captions with files queued, and without"
TARGET = 1.3


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--model", default="micro-en")


def run(options: argparse.Namespace) -> dict[str, Any]:
    result = asyncio.run(_measure(options))
    alone, beside = result["alone"], result["beside_files"]
    print(
        f"  {options.streams} streams: commit p50/p95 {alone['p50']:.2f}/{alone['p95']:.2f} s "
        f"alone, {beside['p50']:.2f}/{beside['p95']:.2f} s beside {options.files} files: "
        f"p95 × {result['ratio']:.2f} (target {TARGET:g}); {result['file_speed']:.1f} s of files "
        "done in a second",
        flush=True,
    )
    return {"target": TARGET, **result}


async def _measure(options: argparse.Namespace) -> dict[str, Any]:
    settings = {
        "MODEL": options.model,
        "DEVICE": "auto",
        "CPU_THREADS": str(options.threads),
        "LIMIT_REQUESTS": "off",
    }
    target = OurServer(settings)
    said = excerpts(load_audio(speech_clips()), options.streams, options.seconds)
    alone: list[LoadRun] = []
    beside: list[LoadRun] = []
    done = _Done()
    async with target.serve() as server:
        await run_load(server.url, said[:1], target.dialect)
        for _ in range(options.rounds):
            alone.append(await run_load(server.url, said, target.dialect))
            async with _files(server.url.replace("ws://", "http://"), options.files, done):
                beside.append(await run_load(server.url, said, target.dialect))
    first, second = _row(run_together(alone, None)), _row(run_together(beside, None))
    return {
        "streams": options.streams,
        "files": options.files,
        "alone": first,
        "beside_files": second,
        "ratio": round(second["p95"] / first["p95"], 3),
        "file_speed": round(done.audio_s / done.seconds, 2),
    }


def _row(figures: RunFigures) -> dict[str, Any]:
    delays = figures.delays("commit")
    kept = {f"p{at}": round(percentile(delays, at), 3) for at in (50, 95, 99)}
    return {**kept, "problems": figures.problems, "lost_s": figures.lost_s}


class _Done:
    """What was transcribed while files were queued."""

    def __init__(self) -> None:
        self.audio_s = self.seconds = 0.0


@asynccontextmanager
async def _files(url: str, count: int, done: _Done) -> AsyncIterator[None]:
    """Keep so many files waiting."""
    began = time.monotonic()
    sending = [asyncio.create_task(_keep_sending(url, done)) for _ in range(count)]
    try:
        yield
    finally:
        done.seconds += time.monotonic() - began
        for task in sending:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*sending)


async def _keep_sending(url: str, done: _Done) -> None:
    """Send the bundled meeting again and again; count it as its words come."""
    clip = speech_clips()[0]
    content = clip.audio.read_bytes()
    async with httpx2.AsyncClient(timeout=None) as client:
        while True:
            async with client.stream(
                "POST",
                f"{url}/v1/audio/transcriptions",
                files={"file": ("meeting.flac", content)},
                data={"stream": "true"},
            ) as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    event = json.loads(line[6:]) if line.startswith("data: ") else {}
                    words = len(event.get("delta", "").split())
                    done.audio_s += clip.duration * words / len(clip.words)
