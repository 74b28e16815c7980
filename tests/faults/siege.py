"""A server under siege: its vitals and a healthy neighbour's delay before, during and after.

The server runs in a process of its own, with an engine that costs nothing. Afterwards everything
must be as it was: descriptors and tasks within five seconds, memory within eight megabytes, and the
neighbour must have noticed nothing. Threads are told only: pools grow to their bound once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, TypeVar
from urllib.parse import urlsplit

from livecaption.bench.server_process import ServerUnderTest, our_server
from livecaption.bench.vitals import InnerSample, OuterSample
from tests.faults.attacks import ROOM
from tests.faults.neighbour import Neighbour, neighbour

__all__ = ["BACK_S", "MEMORY_MB", "MOVED_S", "Siege", "besiege"]

BACK_S = 5.0
"""Within which descriptors and tasks are as few as before."""
MEMORY_MB = 8.0
"""By which memory may have grown."""
MOVED_S = 0.1
"""By which the neighbour's delay may move: it speaks in pieces of a tenth of a second."""

_SETTLE_S = 2.0
_OFF = ("LIMIT_REQUESTS", "LIMIT_READS", "LIMIT_CONNECTS", "LIMIT_TOKENS", "LIMIT_FAILURES")
SETTINGS = {
    "MODEL": "scripted",
    # Everybody here has the same address, and would have been refused after ten a second.
    **dict.fromkeys(_OFF, "off"),
    # A session is kept for whoever lost its connection; that is a promise, and not a leak.
    "RESUME_GRACE_S": "1",
    "ADMISSION": "false",
    "MAX_STREAMS": "256",
}
_Count = TypeVar("_Count", OuterSample, InnerSample)


@dataclass(frozen=True, slots=True)
class Siege:
    """What was seen."""

    counts: dict[str, tuple[int, int, float | None]]
    """By name the fewest before, the most during, and after how many seconds as few as before."""
    memory_mb: tuple[float, float, float]
    """Before, most during, after."""
    delays: dict[str, dict[str, float]]
    """The neighbour's, before, during and after."""
    troubles: list[str]
    besiegers: Any

    @property
    def grown_mb(self) -> float:
        return round(self.memory_mb[2] - self.memory_mb[0], 2)

    def broken(self, within_s: float = BACK_S) -> list[str]:
        """Return every promise that was not kept, in a sentence.

        Args:
            within_s: descriptors and tasks must be as few as before.
        """
        found = list(self.troubles)
        for name in ("descriptors", "tasks"):
            before, _, back_s = self.counts[name]
            if back_s is None or back_s > within_s:
                found.append(f"{name}: not back at {before} within {within_s:g} s (but {back_s})")
        if self.grown_mb > MEMORY_MB:
            found.append(f"memory: {self.grown_mb} MB more than before")
        for when in ("during", "after"):
            for name in ("p50", "p95"):
                moved = self.delays[when][name] - self.delays["before"][name]
                if moved > MOVED_S:
                    found.append(f"neighbour: {name} {moved:.3f} s later {when}")
        return found


async def besiege(
    attack: Callable[[int], Awaitable[Any]],
    *,
    calm_s: float,
    settings: dict[str, str],
    warm_up: Callable[[int], Awaitable[Any]],
    patience_s: float = 3 * BACK_S,
) -> Siege:
    """Start a server, look at it, attack it, and look at it again.

    Args:
        attack: gets the port.
        calm_s: how long it is looked at before and after.
        settings: of the server, besides those above.
        warm_up: comes before all; what a server keeps from its first connections is no leak.
        patience_s: for which it is watched, at most, until all is as before.
    """
    clock = asyncio.get_running_loop().time
    async with our_server({**SETTINGS, **settings}) as server:
        port = urlsplit(server.url).port
        assert port is not None
        async with neighbour(server.url, ROOM) as seen:
            await warm_up(port)
            await asyncio.sleep(_SETTLE_S)
            moments = [clock()]
            await asyncio.sleep(calm_s)
            moments.append(clock())
            besiegers = await attack(port)
            moments.append(clock())
            async with _no_longer_than(patience_s):
                while not _is_back(_counts(server, [*moments, inf])):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            await asyncio.sleep(calm_s)
            moments.append(clock())
        return _judge(server, seen, moments, besiegers)


@asynccontextmanager
async def _no_longer_than(seconds: float) -> AsyncIterator[None]:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            yield


def _judge(server: ServerUnderTest, seen: Neighbour, moments: list[float], besiegers: Any) -> Siege:
    begin, war, peace, end = moments
    assert server.vitals is not None
    memory = [(each.at, each.rss_bytes / 2**20) for each in server.vitals.outer]
    stretches = ((begin, war), (war, peace), (end - (war - begin), end))
    megabytes = [[mb for at, mb in memory if a <= at < b] for a, b in stretches]
    named = zip(("before", "during", "after"), stretches, strict=True)
    return Siege(
        counts=_counts(server, moments),
        memory_mb=(
            round(_mean(megabytes[0]), 2),
            round(max(megabytes[1], default=0.0), 2),
            round(_mean(megabytes[2]), 2),
        ),
        # The last word before a boundary comes behind it.
        delays={name: asdict(seen.between(a, b - 1.0)) for name, (a, b) in named},
        troubles=seen.troubles + [f"log: {error}" for error in sorted(set(server.errors))],
        besiegers=besiegers,
    )


def _is_back(counts: dict[str, tuple[int, int, float | None]]) -> bool:
    return all(counts[name][2] is not None for name in ("descriptors", "tasks"))


def _counts(
    server: ServerUnderTest, moments: list[float]
) -> dict[str, tuple[int, int, float | None]]:
    assert server.vitals is not None
    outer, inner = server.vitals.outer, server.vitals.inner
    return {
        "descriptors": _back(outer, lambda each: each.descriptors, moments),
        "threads": _back(outer, lambda each: each.threads, moments),
        "tasks": _back(inner, lambda each: each.tasks, moments),
    }


def _back(
    samples: list[_Count], count: Callable[[_Count], int], moments: list[float]
) -> tuple[int, int, float | None]:
    """Return the fewest before, the most during, and when they were as few again.

    The fewest, because what the neighbour has under way at a moment only ever adds to them.
    """
    begin, war, peace, end = moments
    before = min(count(each) for each in samples if begin <= each.at < war)
    during = max((count(each) for each in samples if war <= each.at < peace), default=before)
    after = [each.at for each in samples if peace <= each.at < end and count(each) <= before]
    return before, during, round(after[0] - peace, 1) if after else None


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
