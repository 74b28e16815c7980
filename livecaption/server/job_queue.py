"""Opens the queue of jobs that the settings name, and its folder of uploads."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from livecaption.errors import OperatorError
from livecaption.jobs.queue import JobQueue, QueueLimits
from livecaption.jobs.runner import JobRunner
from livecaption.jobs.sqlite_queue import SqliteJobQueue
from livecaption.jobs.uploads import UploadFolder
from livecaption.settings import Settings

__all__ = ["open_queue", "open_uploads", "work"]


@asynccontextmanager
async def open_queue(settings: Settings) -> AsyncIterator[JobQueue]:
    """Give the queue: in Redis if that is named, else in the data directory or in memory.

    Raises:
        OperatorError: it cannot be had.
    """
    limits = QueueLimits(
        waiting=settings.max_jobs,
        running_per_owner=settings.job_workers_per_key,
    )
    if settings.redis_url is not None:
        queue = _redis_queue(settings.redis_url.get_secret_value(), limits)
    else:
        queue = await SqliteJobQueue.open(settings.transcripts, limits)
    try:
        yield queue
    finally:
        await queue.aclose()


@asynccontextmanager
async def open_uploads(settings: Settings) -> AsyncIterator[UploadFolder]:
    """Give the folder of uploads, made if needed.

    Raises:
        OperatorError: it cannot be used.
    """
    most = settings.max_uploads_mb * 1_000_000
    if settings.uploads is not None:
        folder = UploadFolder(settings.uploads, most)
        folder.prepare()
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="livecaption-uploads-") as path:
        yield UploadFolder(Path(path), most)


async def work(settings: Settings, runner: JobRunner) -> None:
    """Work jobs off until cancelled, hearing of them the way the queue tells."""
    if settings.redis_url is None:
        await runner.run()
        return
    from livecaption.jobs.rq_tickets import RqWorkers  # the extra redis

    url = settings.redis_url.get_secret_value()
    await RqWorkers(url, runner, count=settings.job_workers).run()


def _redis_queue(url: str, limits: QueueLimits) -> JobQueue:
    try:
        from livecaption.jobs.redis_queue import RedisJobQueue
        from livecaption.jobs.redis_tables import RedisTables, connect
        from livecaption.jobs.rq_tickets import RqTickets
    except ImportError:
        raise OperatorError(
            "To keep jobs in Redis, install livecaption with the extra redis: "
            "pip install 'livecaption[redis]'."
        ) from None
    return RedisJobQueue(RedisTables(connect(url), "livecaption:jobs"), RqTickets(url), limits)
