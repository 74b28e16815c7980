"""What a server process costs while it works: samples from outside and from inside.

From outside (processor time, memory, descriptors, threads) any process can be sampled; ``psutil``
does it, and without it those figures are missing from reports. From inside (tasks, engine time,
loop delay) only our own server tells. Times are seconds on ``time.monotonic``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from livecaption.core.stats import percentile

__all__ = ["InnerSample", "OuterSample", "ProcessWatch", "Vitals", "summarise"]


@dataclass(frozen=True, slots=True)
class OuterSample:
    """A process tree as the operating system sees it."""

    at: float
    cpu_s: float
    rss_bytes: int
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class InnerSample:
    """What our server said about itself; counters since its start."""

    at: float
    tasks: int
    engine_s: float
    batches: int
    rows: int
    loop_delays_ms: tuple[float, ...]


@dataclass(slots=True)
class Vitals:
    """All samples of a server's life."""

    outer: list[OuterSample] = field(default_factory=list)
    inner: list[InnerSample] = field(default_factory=list)

    def between(self, start: float, stop: float) -> Vitals:
        """Return the samples of a stretch of time."""
        return Vitals(
            [sample for sample in self.outer if start <= sample.at <= stop],
            [sample for sample in self.inner if start <= sample.at <= stop],
        )


class ProcessWatch:
    """Samples a process and its children once a second.

    Args:
        pid: of the server.
        vitals: takes the samples.
    """

    def __init__(self, pid: int, vitals: Vitals) -> None:
        self._pid = pid
        self._vitals = vitals

    async def watch(self) -> None:
        """Sample until cancelled or the process is gone; without ``psutil`` do nothing."""
        try:
            import psutil
        except ImportError:
            return
        while True:
            try:
                self._vitals.outer.append(_sample(psutil, self._pid))
            except psutil.Error:
                return
            await asyncio.sleep(1.0)


def _sample(psutil: Any, pid: int) -> OuterSample:
    root = psutil.Process(pid)
    cpu = rss = descriptors = threads = 0
    for process in (root, *root.children(recursive=True)):
        with process.oneshot():
            times = process.cpu_times()
            cpu += times.user + times.system
            rss += process.memory_info().rss
            descriptors += process.num_fds() if hasattr(process, "num_fds") else 0
            threads += process.num_threads()
    return OuterSample(time.monotonic(), cpu, rss, descriptors, threads)


def summarise(vitals: Vitals, audio_rate: float) -> dict[str, float | None]:
    """Return what a stretch of time cost.

    Args:
        vitals: its samples.
        audio_rate: seconds of audio that all streams together played in a second.
    """
    return {**_outer(vitals.outer, audio_rate), **_inner(vitals.inner, audio_rate)}


def _outer(samples: Sequence[OuterSample], audio_rate: float) -> dict[str, float | None]:
    if len(samples) < 2:
        return dict.fromkeys(("cpu_cores", "cpu_s_per_audio_s", "rss_mib", "descriptors"))
    cores = (samples[-1].cpu_s - samples[0].cpu_s) / (samples[-1].at - samples[0].at)
    return {
        "cpu_cores": cores,
        "cpu_s_per_audio_s": cores / audio_rate,
        "rss_mib": max(sample.rss_bytes for sample in samples) / 2**20,
        "descriptors": max(sample.descriptors for sample in samples),
    }


def _inner(samples: Sequence[InnerSample], audio_rate: float) -> dict[str, float | None]:
    if len(samples) < 2:
        names = ("engine_busy", "engine_s_per_audio_s", "rows_per_batch", "tasks", "loop_p99_ms")
        return dict.fromkeys(names)
    first, last = samples[0], samples[-1]
    busy = (last.engine_s - first.engine_s) / (last.at - first.at)
    batches = last.batches - first.batches
    delays = [delay for sample in samples for delay in sample.loop_delays_ms]
    return {
        "engine_busy": busy,
        "engine_s_per_audio_s": busy / audio_rate,
        "rows_per_batch": (last.rows - first.rows) / batches if batches else None,
        "tasks": max(sample.tasks for sample in samples),
        "loop_p99_ms": percentile(delays, 99) if delays else None,
    }
