"""Whose step is next, when several files are under way.

Somebody waits for an answer, or nobody does (a job); among equals the one that came first goes
on, so that files end one after the other instead of all late. A job pauses between two steps while
somebody's short file is transcribed.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

__all__ = ["Place", "Turns"]


@dataclass(order=True, slots=True)
class _Waiting:
    background: bool
    arrival: int
    future: asyncio.Future[None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A file's rank."""

    background: bool
    arrival: int


class Turns:
    """Lets ``at_once`` steps run at a time, best rank first."""

    def __init__(self, at_once: int = 1) -> None:
        self._free = at_once
        self._waiting: list[_Waiting] = []
        self._arrivals = count()

    def arrive(self, *, background: bool) -> Place:
        """Take a rank behind all of the same kind."""
        return Place(background, next(self._arrivals))

    @asynccontextmanager
    async def turn(self, place: Place) -> AsyncIterator[None]:
        """Wait for a turn and hold it."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(place)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, place: Place) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Waiting(place.background, place.arrival, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._pass_on()  # the turn came at the same moment
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            waiting = heapq.heappop(self._waiting)
            if not waiting.future.done():
                waiting.future.set_result(None)
                return
        self._free += 1
