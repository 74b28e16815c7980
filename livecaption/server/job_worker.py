"""A process that only works jobs off: an engine, the shared queue, and no socket."""

from __future__ import annotations

import asyncio
import logging

from livecaption.engine.base import Transcriber
from livecaption.engine.batcher import Batcher
from livecaption.errors import EngineError
from livecaption.files.work import FileLimits, FileWork
from livecaption.jobs.runner import JobRunner
from livecaption.media.untrusted import FileDecoder
from livecaption.server.job_queue import open_queue, open_uploads, work
from livecaption.server.job_service import BackgroundFiles, keep_jobs, running
from livecaption.settings import Settings

__all__ = ["run_worker"]

logger = logging.getLogger(__name__)


async def run_worker(settings: Settings, transcriber: Transcriber, told: asyncio.Event) -> None:
    """Work jobs off until told to stop; the one under way is given back.

    Args:
        settings: where the queue and the uploads are.
        transcriber: the engine.
        told: set to stop.

    Raises:
        EngineError: the model does not answer.
        OperatorError: the queue or the uploads cannot be had.
        Overloaded: the queue cannot be reached.
    """
    batcher = Batcher(transcriber)
    decoding = asyncio.create_task(batcher.run())
    try:
        await _warm_up(batcher)
        await _work(settings, batcher, told)
    finally:
        await batcher.aclose()
        await decoding


async def _warm_up(batcher: Batcher) -> None:
    try:
        await batcher.warm_up()
    except Exception as exc:
        raise EngineError(f"The model does not answer: {exc}.") from exc


async def _work(settings: Settings, batcher: Batcher, told: asyncio.Event) -> None:
    limits = FileLimits(settings.max_files, settings.max_file_s, settings.spool_dir)
    files = FileWork(batcher, FileDecoder(), limits)
    try:
        async with open_queue(settings) as queue, open_uploads(settings) as uploads:
            await queue.recover()  # a queue that cannot be reached is said at once
            logger.info("model %s answers; waiting for jobs", batcher.transcriber.info.name)
            runner = JobRunner(
                queue, uploads, BackgroundFiles(files, _at_once), workers=settings.job_workers
            )
            async with running(work(settings, runner), keep_jobs(queue, uploads, settings)):
                await told.wait()
                files.stop()
    finally:
        files.close()


async def _at_once() -> None:
    """The model has answered already."""
