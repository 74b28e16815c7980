"""Jobs in SQLite: one server, which survives its own crash.

A file of its own beside the transcripts: a result of some megabytes must not hold up the commit
that a live caption waits for, and jobs are kept and deleted by other rules. Without a directory the
same tables live in memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from livecaption.core.file_transcript import FileTranscript
from livecaption.jobs.lifecycle import JobState, Step, after
from livecaption.jobs.packing import pack_options, unpack
from livecaption.jobs.queue import Census, QueueLimits, check_limits
from livecaption.jobs.records import DeliveryState, Job, NewJob
from livecaption.jobs.rows import JOBS, fetch_job, whole_job
from livecaption.jobs.sqlite_deliveries import SqliteDeliveries
from livecaption.jobs.sqlite_work import SqliteWork
from livecaption.jobs.tables import JobTables

__all__ = ["SqliteJobQueue"]

_OF_OWNER = (
    f"{JOBS} AND owner = ? AND (? IS NULL OR number < (SELECT number FROM job WHERE id = ?)) "  # noqa: S608
    "ORDER BY number DESC LIMIT ?"
)
_COUNTS = (
    "SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE owner = ?) FROM job "
    "WHERE state IN ('queued', 'running')"
)
_CENSUS = (
    "SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'running') "
    "FROM job"
)


class SqliteJobQueue(SqliteWork):
    """Use ``SqliteJobQueue.open``; close it with ``aclose``. See ``JobQueue`` for the promises."""

    def __init__(
        self,
        tables: JobTables,
        limits: QueueLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(tables, limits, clock)
        self.deliveries = SqliteDeliveries(tables, clock)

    @classmethod
    async def open(
        cls,
        directory: Path | None,
        limits: QueueLimits,
        clock: Callable[[], float] = time.time,
    ) -> SqliteJobQueue:
        """Open the jobs of a directory, which is made if needed; None keeps all in memory.

        Raises:
            OperatorError: the directory cannot be used, or another server uses it.
        """
        return cls(await JobTables.open(directory), limits, clock)

    async def aclose(self) -> None:
        """Close the file."""
        await self._tables.aclose()

    # -- for the owner ------------------------------------------------------------------------

    async def check_room(self, owner: str, allowance: int | None = None) -> None:
        """See ``JobQueue.check_room``."""
        ((waiting, own),) = await self._tables.fetch(_COUNTS, owner)
        check_limits(self._limits, allowance, waiting=waiting, own=own)

    async def submit(self, new: NewJob) -> Job:
        """See ``JobQueue.submit``."""
        async with self._tables.transaction() as transaction:
            ((waiting, own),) = await transaction.fetch(_COUNTS, new.owner)
            check_limits(self._limits, new.allowance, waiting=waiting, own=own)
            await transaction.execute(
                "INSERT INTO job (id, number, owner, state, options, file_name, size, created_at) "
                "VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM job), ?, ?, ?, ?, ?, ?)",
                new.id,
                new.owner,
                JobState.QUEUED,
                pack_options(new.options),
                new.file_name,
                new.size,
                self._clock(),
            )
            for order in new.orders:
                await transaction.execute(
                    "INSERT INTO delivery (job, kind, target, state) VALUES (?, ?, ?, ?)",
                    new.id,
                    order.kind,
                    order.target,
                    DeliveryState.PENDING,
                )
            job = await fetch_job(transaction, new.id)
        self._changed.set()
        assert job is not None
        return job

    async def get(self, job_id: str) -> Job | None:
        """See ``JobQueue.get``."""
        return await fetch_job(self._tables, job_id)

    async def list_jobs(self, owner: str, *, limit: int, before: str | None = None) -> list[Job]:
        """See ``JobQueue.list_jobs``."""
        rows = await self._tables.fetch(_OF_OWNER, owner, before, before, limit)
        return [await whole_job(self._tables, row) for row in rows]

    async def result(self, job_id: str) -> FileTranscript | None:
        """See ``JobQueue.result``."""
        rows = await self._tables.fetch(
            "SELECT result FROM job WHERE id = ? AND state = 'done'", job_id
        )
        # A day of words takes a second to read: not on the event loop.
        return await asyncio.to_thread(unpack, rows[0][0]) if rows else None

    async def cancel(self, job_id: str) -> bool:
        """See ``JobQueue.cancel``."""
        async with self._tables.transaction() as transaction:
            job = await fetch_job(transaction, job_id)
            if job is None:
                return False
            if job.state is JobState.RUNNING:
                # It keeps its place until its worker lets go, without what it was about.
                await transaction.execute(
                    "UPDATE job SET state = ?, file_name = '', options = '{}' WHERE id = ?",
                    after(job.state, Step.CANCEL),
                    job_id,
                )
                await transaction.execute("DELETE FROM delivery WHERE job = ?", job_id)
            else:
                await transaction.execute("DELETE FROM job WHERE id = ?", job_id)
        await self._tables.release_pages()
        self._changed.set()
        return True

    # -- for the house ------------------------------------------------------------------------

    async def census(self) -> Census:
        """See ``JobQueue.census``."""
        ((waiting, running),) = await self._tables.fetch(_CENSUS)
        return Census(waiting, running)

    async def needed(self) -> frozenset[str]:
        """See ``JobQueue.needed``."""
        rows = await self._tables.fetch("SELECT id FROM job WHERE state IN ('queued', 'running')")
        return frozenset(row[0] for row in rows)

    async def sweep(self, *, ended_before: float) -> int:
        """See ``JobQueue.sweep``."""
        async with self._tables.transaction() as transaction:
            gone = await transaction.execute(
                "DELETE FROM job WHERE ended_at < ? AND id NOT IN "
                "(SELECT job FROM delivery WHERE state = 'pending')",
                ended_before,
            )
        await self._tables.release_pages()
        return gone
