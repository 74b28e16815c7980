"""Jobs in a server: the queue opened, worked off, delivered from, and kept in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from livecaption.core.file_transcript import FileOptions, FileProgress, FileTranscript
from livecaption.egress.s3 import S3Store, parse_s3
from livecaption.egress.webhook import WebhookPost
from livecaption.files.work import FileWork
from livecaption.jobs.courier import Carrier, Courier
from livecaption.jobs.queue import JobQueue
from livecaption.jobs.records import Kind
from livecaption.jobs.runner import JobRunner, Transcribe
from livecaption.jobs.uploads import UploadFolder
from livecaption.metrics.meters import JobOutcome, Meters
from livecaption.server.job_carriers import S3Carrier, WebhookCarrier
from livecaption.server.job_house import Allowance, JobHouse, WebhookSecrets
from livecaption.server.job_queue import open_queue, open_uploads, work
from livecaption.settings import Settings

__all__ = ["BackgroundFiles", "keep_jobs", "running", "try_jobs", "working_jobs"]

logger = logging.getLogger(__name__)

_RECOVER_EVERY_S = 15.0
_SWEEP_EVERY_S = 3600.0
_ORPHAN_S = 3600.0
"""An upload that is no job's after this time never becomes one."""


class BackgroundFiles:
    """Transcribes files for which nobody waits.

    Args:
        files: does it.
        ready: returns once the model has answered; only then work begins.
    """

    def __init__(self, files: FileWork, ready: Callable[[], Awaitable[object]]) -> None:
        self._files = files
        self._ready = ready

    async def __call__(
        self, path: Path, options: FileOptions, on_progress: Callable[[FileProgress], None]
    ) -> FileTranscript:
        """See ``Transcribe``."""
        await self._ready()
        # Subtitles are divided by the times of words, whether or not anybody wants to see them.
        words = options.word_timestamps or options.task == "transcribe"
        options = replace(options, word_timestamps=words)
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            return await self._files.transcribe(file, options, on_progress, background=True)


@asynccontextmanager
async def working_jobs(
    settings: Settings, transcribe: Transcribe, allowance: Allowance, meters: Meters
) -> AsyncIterator[JobHouse]:
    """Take jobs, work them off and deliver them until the block ends.

    Args:
        settings: how many, how large, where.
        transcribe: does the work.
        allowance: see ``Allowance``.
        meters: told what becomes of jobs.

    Raises:
        OperatorError: the queue or the folder of uploads cannot be had.
    """
    secrets = WebhookSecrets(tuple(each.get_secret_value() for each in settings.webhook_secret))
    place = parse_s3(settings.jobs_s3) if settings.jobs_s3 else None
    async with open_queue(settings) as queue, open_uploads(settings) as uploads:
        house = JobHouse(queue, uploads, allowance, secrets, place, settings.webhook_local, meters)
        runner = JobRunner(
            queue,
            uploads,
            transcribe,
            workers=settings.job_workers,
            on_ended=lambda state: meters.job_ended(JobOutcome(state)),
        )
        courier = Courier(queue, _carriers(settings, secrets))
        if settings.redis_url is None:
            # Nobody else uses this folder: whatever is not needed now never will be.
            await queue.recover()
            needed = await queue.needed()
            await asyncio.to_thread(uploads.sweep, needed, older_than=time.time() + 1)
        parts = [keep_jobs(queue, uploads, settings, meters), courier.run()]
        if settings.job_workers:
            parts.append(work(settings, runner))
        async with running(*parts):
            yield house


async def try_jobs(settings: Settings) -> None:
    """Say what is wrong before anything begins.

    Raises:
        OperatorError: the queue, the folder of uploads or the bucket cannot be had.
    """
    async with open_queue(settings), open_uploads(settings):
        if settings.jobs_s3:
            parse_s3(settings.jobs_s3)
            S3Store()


async def keep_jobs(
    queue: JobQueue, uploads: UploadFolder, settings: Settings, meters: Meters
) -> None:
    """Until cancelled take back what dead processes held, count, and forget what is old."""
    swept_at = 0.0
    while True:
        try:
            recovered = await queue.recover()
            if recovered.again or recovered.failed:
                logger.warning(
                    "processes died with jobs: %d go on, %d failed",
                    recovered.again,
                    recovered.failed,
                )
            for _ in range(recovered.failed):
                meters.job_ended(JobOutcome.FAILED)
            census = await queue.census()
            meters.jobs_waiting, meters.jobs_running = census.waiting, census.running
            now = time.time()
            if now - swept_at >= _SWEEP_EVERY_S:
                swept_at = now
                await queue.sweep(ended_before=now - settings.retain_jobs * 86_400.0)
                needed = await queue.needed()
                await asyncio.to_thread(uploads.sweep, needed, older_than=now - _ORPHAN_S)
        except Exception as exc:  # noqa: BLE001 - the disk or the network; tried again
            logger.error("the jobs cannot be kept in order at present: %s", exc)
        await asyncio.sleep(_RECOVER_EVERY_S)


@asynccontextmanager
async def running(*parts: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run what runs for ever until the block ends, and wait until all of it has stopped."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("a part of the jobs ended early", exc_info=error)


def _carriers(settings: Settings, secrets: WebhookSecrets) -> dict[Kind, Carrier]:
    local = settings.webhook_local
    carriers: dict[Kind, Carrier] = {
        Kind.WEBHOOK: WebhookCarrier(WebhookPost(), secrets, allow_local=local)
    }
    if settings.jobs_s3:
        carriers[Kind.S3] = S3Carrier(S3Store())
    return carriers
