"""Jobs in SQLite as those see them who work: claims, and how a job ends. See ``JobQueue``.

Only one process opens the file, so whatever is ``running`` there and was not claimed here belongs
to a process that died; ``recover`` says what becomes of it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

from livecaption.core.file_transcript import FileTranscript
from livecaption.jobs.lifecycle import JobState, Step, after, lost
from livecaption.jobs.packing import pack
from livecaption.jobs.queue import ClaimLost, QueueLimits, Recovered
from livecaption.jobs.records import LOST, Claim, JobProblem
from livecaption.jobs.rows import fetch_job
from livecaption.jobs.tables import JobTables, Transaction
from livecaption.jobs.waiting import came_within

__all__ = ["SqliteWork"]

_NEXT = """
    SELECT id, attempts FROM job AS mine,
        (SELECT owner AS who, count(*) FILTER (WHERE state IN ('running', 'cancelled')) AS busy
         FROM job GROUP BY owner)
    WHERE mine.state = 'queued' AND who = mine.owner AND busy < ?
    ORDER BY busy, number LIMIT 1
"""


class SqliteWork:
    """The only process's part in the work."""

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

    async def arrival(self, timeout_s: float) -> None:
        """See ``JobQueue.arrival``."""
        await came_within(self._changed, timeout_s)

    async def ended(self, timeout_s: float) -> None:
        """See ``JobQueue.ended``."""
        await came_within(self._ended, timeout_s)

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
            job = await fetch_job(transaction, job_id)
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


async def _check_held(where: JobTables | Transaction, claim: Claim) -> None:
    rows = await where.fetch(
        "SELECT 1 FROM job WHERE id = ? AND claim = ? AND state = 'running'",
        claim.job.id,
        claim.token,
    )
    if not rows:
        raise ClaimLost("The job is not ours any more.")
