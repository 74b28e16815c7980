"""Works jobs off: takes the next one, has its file transcribed, stores what came of it.

Whose fault a failure is decides what happens: a file that cannot be read, and an engine that fails
on it, end the job with a sentence; an engine without time, and a server that goes down, give the
job back. A process that dies says nothing; ``recover`` does.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Protocol

from livecaption.core.file_transcript import FileOptions, FileProgress, FileTranscript
from livecaption.errors import LiveCaptionError, Overloaded
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.queue import ClaimLost, JobQueue
from livecaption.jobs.records import Claim, JobProblem
from livecaption.jobs.uploads import NoSpace, UploadFolder
from livecaption.jobs.waiting import came_within

__all__ = ["JobRunner", "OnEnded", "Transcribe"]

logger = logging.getLogger(__name__)


class Transcribe(Protocol):
    """Transcribes a file behind everything that somebody waits for."""

    async def __call__(
        self, path: Path, options: FileOptions, on_progress: Callable[[FileProgress], None]
    ) -> FileTranscript:
        """Return the transcript; cancelled, it ends early.

        Args:
            path: the file.
            options: how to transcribe it.
            on_progress: called on the event loop now and then.

        Raises:
            ClientError: the file is no good.
            EngineError: the model failed on it.
            Overloaded: there is no time for it now.
        """


OnEnded = Callable[[JobState], None]
"""Must return at once."""

_LOOK_S = 30.0
"""How long to wait for news before looking all the same."""
_MOST_RETURNS = 10
"""How often a job goes back for want of room, a minute apart: it may be the only one that
is too large, and those behind it wait."""


class JobRunner:
    """Works on jobs, ``workers`` at a time.

    Args:
        queue: where jobs come from.
        uploads: where their files are.
        transcribe: what does the work.
        workers: jobs at the same time.
        on_ended: told of each job that it brought to an end.
    """

    def __init__(
        self,
        queue: JobQueue,
        uploads: UploadFolder,
        transcribe: Transcribe,
        *,
        workers: int = 1,
        on_ended: OnEnded | None = None,
    ) -> None:
        self._queue = queue
        self._on_ended = on_ended or _nothing
        self._uploads = uploads
        self._transcribe = transcribe
        self._workers = workers
        self._returned: Counter[str] = Counter()
        """By job that has not ended, of which there are ``max_jobs``."""

    async def run(self) -> None:
        """Work until cancelled; what is under way then is given back."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(self._workers):
                lanes.create_task(self._lane())

    async def work_one(self) -> bool:
        """Work on the next job; say whether there was one.

        Cancelled, it gives the job back without counting an attempt.

        Raises:
            Overloaded: the engine has no time; the job was given back.
        """
        claim = await self._queue.claim()
        if claim is None:
            return False
        logger.info("job %s began, attempt %d", claim.job.id, claim.job.attempts)
        try:
            await self._settle(claim)
        except ClaimLost:
            logger.info("job %s was cancelled", claim.job.id)
            await self._queue.release(claim)
        except BaseException as exc:
            # We are going down, the engine has no time, or the result cannot be stored.
            await self._queue.release(claim)
            why = exc.code if isinstance(exc, LiveCaptionError) else type(exc).__name__
            logger.info("job %s was given back: %s", claim.job.id, why)
            raise
        self._returned.pop(claim.job.id, None)
        await asyncio.to_thread(self._uploads.remove, claim.job.id)
        return True

    async def _lane(self) -> None:
        while True:
            try:
                if not await self.work_one():
                    await self._queue.arrival(_LOOK_S)
            except Overloaded as exc:
                await asyncio.sleep(exc.retry_after)
            except Exception:
                # The disk or the network failed: the job stays where it is, and so do we.
                logger.exception("the queue of jobs does not work")
                await asyncio.sleep(_LOOK_S)

    async def _settle(self, claim: Claim) -> None:
        """Bring a job to its end.

        Raises:
            ClaimLost: it is not ours any more.
            Overloaded: the engine has no time.
        """
        try:
            transcript = await self._attempt(claim)
        except ClaimLost:
            raise
        except Exception as exc:
            if isinstance(exc, Overloaded) and self._has_patience(claim.job.id, exc):
                raise
            await self._queue.fail(claim, _problem_of(exc, claim.job.id))
            self._on_ended(JobState.FAILED)
            return
        await self._queue.finish(claim, transcript)
        self._on_ended(JobState.DONE)
        logger.info("job %s is done: %.0f s of sound", claim.job.id, transcript.info.duration)

    def _has_patience(self, job_id: str, error: Overloaded) -> bool:
        """Say whether a job that found no room goes back once more."""
        if error.code != NoSpace.code:
            return True
        self._returned[job_id] += 1
        return self._returned[job_id] <= _MOST_RETURNS

    async def _attempt(self, claim: Claim) -> FileTranscript:
        """Transcribe a job's file while its claim is kept."""
        news = _News()
        path = self._uploads.path_of(claim.job.id)
        working = asyncio.create_task(self._transcribe(path, claim.job.options, news.tell))
        telling = asyncio.create_task(self._tell(claim, news))
        tasks = (working, telling)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if telling in done:
                telling.result()
            return await working
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _tell(self, claim: Claim, news: _News) -> NoReturn:
        """Write down how far it is, and that we live, until the claim is lost."""
        while True:
            progress = await news.next(self._queue.keep_s)
            if progress is None:
                await self._queue.keep(claim)
            else:
                await self._queue.progress(claim, progress.done_s, progress.info.duration)


def _nothing(_: JobState) -> None:
    """Nobody is to be told."""


class _News:
    """The newest progress; what nobody has asked for gives way to it."""

    def __init__(self) -> None:
        self._newest: FileProgress | None = None
        self._came = asyncio.Event()

    def tell(self, progress: FileProgress) -> None:
        """Take it."""
        self._newest = progress
        self._came.set()

    async def next(self, timeout_s: float) -> FileProgress | None:
        """Wait for some; None when none came in time."""
        return self._newest if await came_within(self._came, timeout_s) else None


def _problem_of(error: Exception, job_id: str) -> JobProblem:
    if isinstance(error, LiveCaptionError):
        logger.info("job %s failed: %s", job_id, error.code)
        return JobProblem(error.code, str(error))
    if isinstance(error, FileNotFoundError):
        logger.error("the file of job %s is gone", job_id)
        return JobProblem("upload_lost", "The uploaded file is gone; send it again.")
    logger.error("job %s failed", job_id, exc_info=error)
    return JobProblem("internal", "The server failed on this file; its log says why.")
