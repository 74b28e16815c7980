"""Jobs in SQLite: one server, which survives its own crash.

A file of its own beside the transcripts: a result of some megabytes must not hold up the commit
that a live caption waits for, and jobs are kept and deleted by other rules. Without a directory the
same tables live in memory.

Only one process opens the file, so whatever is ``running`` there and was not claimed here belongs
to a process that died; ``recover`` says what becomes of it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from livecaption.core.file_transcript import FileTranscript
from livecaption.jobs.lifecycle import JobState, Step, after, lost
from livecaption.jobs.packing import pack, pack_options, unpack
from livecaption.jobs.queue import Census, ClaimLost, QueueLimits, Recovered, check_limits
from livecaption.jobs.records import LOST, Claim, DeliveryState, Job, JobProblem, NewJob
from livecaption.jobs.rows import DELIVERY_COLUMNS, JOB_COLUMNS, job_of
from livecaption.jobs.sqlite_deliveries import SqliteDeliveries
from livecaption.jobs.tables import JobTables, Transaction

__all__ = ["SqliteJobQueue"]

_JOBS = f"SELECT {JOB_COLUMNS} FROM job WHERE state != 'cancelled'"  # noqa: S608
_OF_OWNER = (
    f"{_JOBS} AND owner = ? AND (? IS NULL OR number < (SELECT number FROM job WHERE id = ?)) "  # noqa: S608
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
_NEXT = """
    SELECT id, attempts FROM job AS mine,
        (SELECT owner AS who, count(*) FILTER (WHERE state IN ('running', 'cancelled')) AS busy
         FROM job GROUP BY owner)
    WHERE mine.state = 'queued' AND who = mine.owner AND busy < ?
    ORDER BY busy, number LIMIT 1
"""


class SqliteJobQueue:
    """Use ``SqliteJobQueue.open``; close it with ``aclose``. See ``JobQueue`` for the promises."""

    keep_s = 3600.0
    """A claim needs no keeping: it ends with the process."""

    def __init__(
        self,
        tables: JobTables,
        limits: QueueLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tables = tables
        self._limits = limits
        self._clock = clock
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._claimed: set[str] = set()
        """Tokens of the claims that are held here."""
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
            job = await _job(transaction, new.id)
        self._changed.set()
        assert job is not None
        return job

    async def get(self, job_id: str) -> Job | None:
        """See ``JobQueue.get``."""
        return await _job(self._tables, job_id)

    async def list_jobs(self, owner: str, *, limit: int, before: str | None = None) -> list[Job]:
        """See ``JobQueue.list_jobs``."""
        rows = await self._tables.fetch(_OF_OWNER, owner, before, before, limit)
        return [await _whole(self._tables, row) for row in rows]

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
            job = await _job(transaction, job_id)
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

    # -- for who works ------------------------------------------------------------------------

    async def arrival(self, timeout_s: float) -> None:
        """See ``JobQueue.arrival``."""
        await _wait(self._changed, timeout_s)

    async def ended(self, timeout_s: float) -> None:
        """See ``JobQueue.ended``."""
        await _wait(self._ended, timeout_s)

    async def claim(self) -> Claim | None:
        """See ``JobQueue.claim``."""
        async with self._tables.transaction() as transaction:
            rows = await transaction.fetch(_NEXT, self._limits.running_per_owner)
            if not rows:
                return None
            job_id, attempts = rows[0]
            token = secrets.token_urlsafe(12)
            await transaction.execute(
                "UPDATE job SET state = ?, claim = ?, attempts = ?, started_at = ?, done_s = 0 "
                "WHERE id = ?",
                after(JobState.QUEUED, Step.CLAIM),
                token,
                attempts + 1,
                self._clock(),
                job_id,
            )
            job = await _job(transaction, job_id)
        self._claimed.add(token)
        self._changed.set()  # there may be work for others, too
        assert job is not None
        return Claim(job, token)

    async def keep(self, claim: Claim) -> None:
        """See ``JobQueue.keep``."""
        await _check_held(self._tables, claim)

    async def progress(self, claim: Claim, done_s: float, duration_s: float) -> None:
        """See ``JobQueue.progress``."""
        async with self._tables.transaction() as transaction:
            await _check_held(transaction, claim)
            await transaction.execute(
                "UPDATE job SET done_s = ?, duration_s = ? WHERE id = ?",
                done_s,
                duration_s,
                claim.job.id,
            )

    async def finish(self, claim: Claim, transcript: FileTranscript) -> None:
        """See ``JobQueue.finish``."""
        packed = await asyncio.to_thread(pack, transcript)
        duration_s = transcript.info.duration
        async with self._tables.transaction() as transaction:
            await _check_held(transaction, claim)
            await self._set_ended(transaction, claim.job.id, Step.FINISH, None)
            await transaction.execute(
                "UPDATE job SET result = ?, done_s = ?, duration_s = ? WHERE id = ?",
                packed,
                duration_s,
                duration_s,
                claim.job.id,
            )
        self._claimed.discard(claim.token)
        self._changed.set()
        self._ended.set()

    async def fail(self, claim: Claim, problem: JobProblem) -> None:
        """See ``JobQueue.fail``."""
        async with self._tables.transaction() as transaction:
            await _check_held(transaction, claim)
            await self._set_ended(transaction, claim.job.id, Step.FAIL, problem)
        self._claimed.discard(claim.token)
        self._changed.set()
        self._ended.set()

    async def release(self, claim: Claim) -> None:
        """See ``JobQueue.release``."""
        self._claimed.discard(claim.token)
        async with self._tables.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM job WHERE id = ? AND claim = ? AND state = 'cancelled'",
                claim.job.id,
                claim.token,
            )
            await transaction.execute(
                "UPDATE job SET state = ?, claim = NULL, attempts = attempts - 1, "
                "started_at = NULL, done_s = 0 WHERE id = ? AND claim = ? AND state = 'running'",
                after(JobState.RUNNING, Step.RELEASE),
                claim.job.id,
                claim.token,
            )
        self._changed.set()

    async def recover(self) -> Recovered:
        """See ``JobQueue.recover``."""
        async with self._tables.transaction() as transaction:
            rows = await transaction.fetch(
                "SELECT id, attempts, state, claim FROM job WHERE state IN ('running', 'cancelled')"
            )
            gone = [row[:3] for row in rows if row[3] not in self._claimed]
            steps = [(i, lost(n)) for i, n, state in gone if state == JobState.RUNNING]
            for job_id, _, state in gone:
                if state == JobState.CANCELLED:
                    await transaction.execute("DELETE FROM job WHERE id = ?", job_id)
            for job_id, step in steps:
                if step is Step.GIVE_UP:
                    await self._set_ended(transaction, job_id, step, LOST)
                else:
                    await transaction.execute(
                        "UPDATE job SET state = ?, claim = NULL, done_s = 0 WHERE id = ?",
                        after(JobState.RUNNING, step),
                        job_id,
                    )
        self._changed.set()
        self._ended.set()
        failed = sum(step is Step.GIVE_UP for _, step in steps)
        return Recovered(len(steps) - failed, failed)

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

    # -- inside -------------------------------------------------------------------------------

    async def _set_ended(
        self, transaction: Transaction, job_id: str, step: Step, problem: JobProblem | None
    ) -> None:
        now = self._clock()
        await transaction.execute(
            "UPDATE job SET state = ?, claim = NULL, ended_at = ?, problem_code = ?, problem = ? "
            "WHERE id = ?",
            after(JobState.RUNNING, step),
            now,
            problem.code if problem else None,
            problem.message if problem else None,
            job_id,
        )
        await transaction.execute("UPDATE delivery SET due_at = ? WHERE job = ?", now, job_id)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
    event.clear()


async def _job(where: JobTables | Transaction, job_id: str) -> Job | None:
    rows = await where.fetch(_JOBS + " AND id = ?", job_id)
    return await _whole(where, rows[0]) if rows else None


async def _whole(where: JobTables | Transaction, row: tuple[Any, ...]) -> Job:
    deliveries = await where.fetch(
        f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE job = ? ORDER BY kind",  # noqa: S608
        row[0],
    )
    return job_of(row, deliveries)


async def _check_held(where: JobTables | Transaction, claim: Claim) -> None:
    rows = await where.fetch(
        "SELECT 1 FROM job WHERE id = ? AND claim = ? AND state = 'running'",
        claim.job.id,
        claim.token,
    )
    if not rows:
        raise ClaimLost("The job is not ours any more.")
