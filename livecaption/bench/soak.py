"""A long run at a steady load: does anything grow that should not?

Some publishers stay for as long as a meeting, others come and go, because what a server forgets to
let go of shows when sessions end. Memory, descriptors, threads, tasks and delay are then each
fitted with a line (``trend``), after a warm-up in which caches may fill.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from livecaption.bench.excerpts import Excerpt, beginning, excerpts
from livecaption.bench.experiments import Load
from livecaption.bench.figures import StreamFigures, measure
from livecaption.bench.load_run import LoadRun, run_together
from livecaption.bench.publisher import play
from livecaption.bench.report import new_report, run_report
from livecaption.bench.server_process import ServerUnderTest
from livecaption.bench.targets import Target
from livecaption.bench.trend import Trend, trend
from livecaption.bench.vitals import Vitals

__all__ = ["soak"]

_LONG_S = 600.0
"""Length of a long session."""
_WARM_UP = 0.2
"""Share of the soak, and at least a minute where there are five, that is not fitted."""


@dataclass(slots=True)
class _Heard:
    """What came of one session of the soak."""

    began: float
    """On ``time.monotonic``."""
    excerpt: Excerpt
    figures: StreamFigures
    run: LoadRun


async def soak(
    target: Target, load: Load, minutes: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Keep ``load.streams`` publishers busy and report what grew.

    Args:
        target: the server.
        load: clips and number of publishers; every second one stays for ten minutes at a time.
        minutes: how long.
        say: takes a sentence a minute.

    Raises:
        OperatorError: the server does not start.
    """
    async with target.serve() as server:
        start = time.monotonic()
        stop = start + 60 * minutes
        telling = asyncio.create_task(_tell(start, minutes, server.vitals, say))
        heard: list[_Heard] = []
        try:
            said = excerpts(load.clips, load.streams, _LONG_S)
            await asyncio.gather(
                *(
                    _publisher(target, server, said[index], index, stop, heard)
                    for index in range(load.streams)
                )
            )
        finally:
            telling.cancel()
        report = new_report("soak", target=target.name, model=server.model, minutes=minutes)
        total = run_together([one.run for one in heard], None)
        warm = start + max(_WARM_UP * 60 * minutes, 60.0 if minutes >= 5 else 0.0)
        return {
            **report,
            "streams": load.streams,
            "sessions": len(heard),
            "total": {**run_report(total), "streams": load.streams, "lag_over_time": []},
            "trends": {
                name: _trend_report(trend(samples))
                for name, samples in _series(heard, server.vitals, warm, stop).items()
            },
        }


async def _publisher(
    target: Target,
    server: ServerUnderTest,
    excerpt: Excerpt,
    index: int,
    stop: float,
    heard: list[_Heard],
) -> None:
    await asyncio.sleep(index * 0.618 % 1.0)
    short = index % 2 == 1
    turn = 0
    while (left := stop - time.monotonic()) > 5.0:
        turn += 1
        length = min(left, 30.0 + 7.0 * (turn % 5) if short else _LONG_S)
        part = beginning(excerpt, length)
        began = time.monotonic()
        log = await play(server.url, part, target.dialect(index))
        run = LoadRun((part,), (log,), began, time.monotonic(), 0.0)
        heard.append(_Heard(began, part, measure(part, log), run))
        if log.problem is not None:
            await asyncio.sleep(1.0)


async def _tell(
    start: float, minutes: float, vitals: Vitals | None, say: Callable[[str], None]
) -> None:
    while True:
        await asyncio.sleep(60.0)
        done = (time.monotonic() - start) / 60
        memory = (
            f", {vitals.outer[-1].rss_bytes / 2**20:.0f} MiB" if vitals and vitals.outer else ""
        )
        say(f"soak: {done:.0f} of {minutes:g} minutes{memory}")


def _series(
    heard: Sequence[_Heard], vitals: Vitals | None, warm: float, stop: float
) -> dict[str, list[tuple[float, float]]]:
    late = sorted(
        (one.began + moment, lag)
        for one in heard
        for moment, lag in one.figures.lags
        if one.began + moment >= warm
    )
    series: dict[str, list[tuple[float, float]]] = {"lag_s": late}
    if vitals is not None:
        kept = vitals.between(warm, stop)
        series["rss_mib"] = [(s.at, s.rss_bytes / 2**20) for s in kept.outer]
        series["descriptors"] = [(s.at, float(s.descriptors)) for s in kept.outer]
        series["threads"] = [(s.at, float(s.threads)) for s in kept.outer]
        series["tasks"] = [(s.at, float(s.tasks)) for s in kept.inner]
    return series


def _trend_report(fitted: Trend | None) -> dict[str, Any] | None:
    if fitted is None:
        return None
    return {
        "per_hour": round(fitted.per_hour, 4),
        "interval_95": [round(fitted.low, 4), round(fitted.high, 4)],
        "first": round(fitted.first, 3),
        "last": round(fitted.last, 3),
        "grows": fitted.grows,
    }
