"""Every kind of queue there is, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from livecaption.jobs.queue import JobQueue, QueueLimits
from livecaption.jobs.redis_queue import RedisJobQueue
from livecaption.jobs.redis_tables import RedisTables, connect
from livecaption.jobs.rq_tickets import RqTickets
from livecaption.jobs.sqlite_queue import SqliteJobQueue
from tests.jobs.samples import Clock

__all__ = ["LIMITS", "PER_OWNER", "House", "redis_house", "redis_queue", "sqlite_house"]

PER_OWNER = 3
LIMITS = QueueLimits(waiting=5, per_owner=PER_OWNER, running_per_owner=2)

_NOTICED_S = 61.0


@dataclass
class House:
    """A queue, and its process dying."""

    queue: JobQueue
    clock: Clock
    die: Callable[[], Awaitable[JobQueue]]
    """End the process without a word; return the queue as the next process finds it, after the
    time in which anybody notices, before ``recover``."""


@asynccontextmanager
async def sqlite_house(directory: Path) -> AsyncIterator[House]:
    clock = Clock()
    opened: list[SqliteJobQueue] = []

    async def again() -> JobQueue:
        for queue in opened[-1:]:
            await queue.aclose()
        opened.append(await SqliteJobQueue.open(directory, LIMITS, clock))
        return opened[-1]

    try:
        yield House(await again(), clock, again)
    finally:
        await opened[-1].aclose()


def redis_queue(url: str, name: str, clock: Clock | None = None) -> RedisJobQueue:
    """A queue with keys and tickets of its own."""
    tables = RedisTables(connect(url), f"livecaption:{name}")
    return RedisJobQueue(tables, RqTickets(url, name), LIMITS, clock or Clock())


@asynccontextmanager
async def redis_house(url: str, name: str) -> AsyncIterator[House]:
    clock = Clock()
    opened = [redis_queue(url, name, clock)]

    async def again() -> JobQueue:
        clock.advance(_NOTICED_S)
        opened.append(redis_queue(url, name, clock))
        return opened[-1]

    try:
        yield House(opened[0], clock, again)
    finally:
        for queue in opened:
            await queue.aclose()
