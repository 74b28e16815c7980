"""A process that only works jobs off: an engine, the shared queue, a port for metrics if wanted."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State
from starlette.routing import Route

from livecaption.engine.base import Transcriber
from livecaption.engine.batcher import Batcher
from livecaption.errors import EngineError, OperatorError, Overloaded
from livecaption.files.work import FileLimits, FileWork
from livecaption.jobs.queue import JobQueue
from livecaption.jobs.runner import JobRunner
from livecaption.media.untrusted import FileDecoder
from livecaption.metrics.doors import observe_jobs
from livecaption.metrics.gpu import GpuMonitor, load_nvml
from livecaption.metrics.meters import JobOutcome, Meters
from livecaption.server.health import alive
from livecaption.server.job_queue import open_queue, open_uploads, work
from livecaption.server.job_service import BackgroundFiles, keep_jobs, running
from livecaption.server.metrics_port import Scrapes, metrics_served
from livecaption.server.observed import observe_engine
from livecaption.settings import Settings

__all__ = ["run_worker"]

logger = logging.getLogger(__name__)


async def run_worker(
    settings: Settings,
    transcriber: Transcriber,
    told: asyncio.Event,
    listener: socket.socket | None = None,
) -> None:
    """Work jobs off until told to stop; the one under way is given back.

    Args:
        settings: where the queue and the uploads are.
        transcriber: the engine.
        told: set to stop.
        listener: for the metrics, once the model has answered; see ``bind_metrics``.

    Raises:
        EngineError: the model does not answer.
        OperatorError: the queue or the uploads cannot be had.
    """
    batcher = Batcher(transcriber)
    decoding = asyncio.create_task(batcher.run())
    try:
        await _warm_up(batcher)
        worker = _Worker(settings, batcher)
        async with worker.observed(listener):
            await worker.work(told)
    finally:
        await batcher.aclose()
        await decoding


async def _reach(queue: JobQueue) -> None:
    """Ask the queue something, so that one that cannot be reached is said at once.

    Raises:
        OperatorError: it cannot be reached.
    """
    try:
        await queue.recover()
    except Overloaded:
        raise OperatorError(
            "The queue of jobs cannot be reached: Redis does not answer, or asks for another "
            "password. Start it, or mend --redis-url (LIVECAPTION_REDIS_URL)."
        ) from None


async def _warm_up(batcher: Batcher) -> None:
    try:
        await batcher.warm_up()
    except Exception as exc:
        raise EngineError(f"The model does not answer: {exc}.") from exc


class _Worker:
    """What works, and what it counts."""

    def __init__(self, settings: Settings, batcher: Batcher) -> None:
        self._settings = settings
        self._batcher = batcher
        limits = FileLimits(settings.max_files, settings.max_file_s, settings.spool_dir)
        self._files = FileWork(batcher, FileDecoder(), limits)
        self._meters = Meters()

    async def work(self, told: asyncio.Event) -> None:
        settings, meters, model = self._settings, self._meters, self._batcher.transcriber.info
        try:
            async with open_queue(settings) as queue, open_uploads(settings) as uploads:
                await _reach(queue)
                logger.info("model %s answers; waiting for jobs", model.name)
                runner = JobRunner(
                    queue,
                    uploads,
                    BackgroundFiles(self._files, _at_once),
                    workers=settings.job_workers,
                    on_ended=lambda state: meters.job_ended(JobOutcome(state)),
                )
                keeping = keep_jobs(queue, uploads, settings, meters)
                async with running(work(settings, runner), keeping):
                    await told.wait()
                    self._files.stop()
        finally:
            self._files.close()

    @asynccontextmanager
    async def observed(self, listener: socket.socket | None) -> AsyncIterator[None]:
        """Show metrics while the block runs: of the engine, and of the jobs that ended here."""
        if listener is None:
            yield
            return
        gpus = GpuMonitor(load_nvml())
        scrapes = Scrapes(
            gpus,
            lambda: observe_engine(self._batcher, self._files),
            lambda: observe_jobs(self._meters),
        )
        # Before the model has answered, nobody is.
        probes = [Route(path, alive) for path in ("/healthz", "/readyz")]
        state = State({"scrapes": scrapes})
        try:
            async with metrics_served(state, probes, self._settings, listener):
                yield
        finally:
            gpus.close()


async def _at_once() -> None:
    """The model has answered already."""
