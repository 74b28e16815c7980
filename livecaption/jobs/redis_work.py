"""Jobs in Redis as those see them who work: claims, and how a job ends. See ``JobQueue``.

A claim lasts a minute and is kept while its worker lives; what is not kept any more belongs to a
process that died, or lost its network, and ``recover`` takes it back. So the clocks of all hosts
must agree to a few seconds.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from livecaption.core.file_transcript import FileTranscript
from livecaption.jobs.lifecycle import Step, after, lost
from livecaption.jobs.packing import pack
from livecaption.jobs.queue import ClaimLost, QueueLimits, Recovered
from livecaption.jobs.records import LOST, Claim, Job, JobProblem
from livecaption.jobs.redis_tables import Commands, Held, RedisTables
from livecaption.jobs.waiting import came_within

__all__ = ["RedisWork", "Tickets"]

_LEASE_S = 60.0
_LOOK_S = 5.0
"""News of other processes come this late at most to who waits without tickets."""


class Tickets(Protocol):
    """Tells workers that there may be work. One too many does no harm, one too few is made up."""

    async def issue(self, count: int = 1) -> None:
        """Wake as many workers."""

    async def out(self) -> int:
        """Return how many nobody has taken yet."""


class RedisWork:
    """One process's part in the work."""

    keep_s = _LEASE_S / 4

    def __init__(
        self,
        tables: RedisTables,
        tickets: Tickets,
        limits: QueueLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tables = tables
        self._tickets = tickets
        self._limits = limits
        self._clock = clock
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    async def arrival(self, timeout_s: float) -> None:
        """See ``JobQueue.arrival``; who has tickets need not wait here."""
        await came_within(self._changed, min(timeout_s, _LOOK_S))

    async def ended(self, timeout_s: float) -> None:
        """See ``JobQueue.ended``."""
        await came_within(self._ended, min(timeout_s, _LOOK_S))

    async def claim(self) -> Claim | None:
        """See ``JobQueue.claim``."""

        async def step(pipeline: Commands) -> Claim | None:
            held = await self._tables.held(pipeline)
            busy = Counter(each.owner for each in held.values())
            ready = [
                job
                for job in await self._tables.waiting_jobs(pipeline)
                if busy[job.owner] < self._limits.running_per_owner
            ]
            if not ready:
                return None
            job = min(ready, key=lambda each: busy[each.owner])  # the first of equals: the oldest
            claim = Claim(
                replace(
                    job,
                    state=after(job.state, Step.CLAIM),
                    attempts=job.attempts + 1,
                    started_at=self._clock(),
                    done_s=0.0,
                ),
                secrets.token_urlsafe(12),
            )
            until = self._clock() + _LEASE_S
            pipeline.multi()
            pipeline.zrem(self._tables.waiting, job.id)
            self._tables.write_job(pipeline, claim.job)
            self._tables.write_held(
                pipeline, job.id, Held(job.owner, claim.token, until, claim.job.attempts)
            )
            return claim

        return await self._tables.change(step)

    async def keep(self, claim: Claim) -> None:
        """See ``JobQueue.keep``."""

        async def step(pipeline: Commands) -> None:
            held = await self._check_held(pipeline, claim)
            pipeline.multi()
            until = self._clock() + _LEASE_S
            self._tables.write_held(pipeline, claim.job.id, replace(held, until=until))

        await self._tables.change(step)

    async def progress(self, claim: Claim, done_s: float, duration_s: float) -> None:
        """See ``JobQueue.progress``."""
        await self._update(claim, lambda job: replace(job, done_s=done_s, duration_s=duration_s))

    async def finish(self, claim: Claim, transcript: FileTranscript) -> None:
        """See ``JobQueue.finish``."""
        packed = await asyncio.to_thread(pack, transcript)
        duration_s = transcript.info.duration
        await self._update(
            claim,
            lambda job: replace(
                self._at_end(job, Step.FINISH), done_s=duration_s, duration_s=duration_s
            ),
            packed,
        )
        await self._news(claim)

    async def fail(self, claim: Claim, problem: JobProblem) -> None:
        """See ``JobQueue.fail``."""
        await self._update(claim, lambda job: self._at_end(job, Step.FAIL, problem))
        await self._news(claim)

    async def release(self, claim: Claim) -> None:
        """See ``JobQueue.release``."""

        async def step(pipeline: Commands) -> None:
            held = (await self._tables.held(pipeline)).get(claim.job.id)
            job = await self._tables.job(pipeline, claim.job.id)
            if held is None or held.token != claim.token:
                return
            number = await self._number(pipeline, job)
            pipeline.multi()
            pipeline.hdel(self._tables.claims, claim.job.id)
            if job is not None:
                untried = replace(self._again(job, Step.RELEASE), attempts=job.attempts - 1)
                self._tables.write_waiting(pipeline, untried, number)

        await self._tables.change(step)
        await self._news(claim)

    async def recover(self) -> Recovered:
        """See ``JobQueue.recover``; call it now and then. Also makes up for lost tickets."""

        async def step(pipeline: Commands) -> Recovered:
            now = self._clock()
            held = await self._tables.held(pipeline)
            gone = [name for name, each in held.items() if each.until < now]
            jobs = [job for name in gone if (job := await self._tables.job(pipeline, name))]
            numbers = [await self._number(pipeline, job) for job in jobs]
            if not gone:
                return Recovered()
            pipeline.multi()
            pipeline.hdel(self._tables.claims, *gone)
            for job, number in zip(jobs, numbers, strict=True):
                how = lost(job.attempts)
                if how is Step.GIVE_UP:
                    self._tables.write_ended(pipeline, self._at_end(job, how, LOST), None)
                else:
                    self._tables.write_waiting(pipeline, self._again(job, how), number)
            failed = sum(lost(job.attempts) is Step.GIVE_UP for job in jobs)
            return Recovered(len(jobs) - failed, failed)

        recovered = await self._tables.change(step)
        waiting = await self._tables.read(lambda redis: redis.zcard(self._tables.waiting))
        if (missing := waiting - await self._tickets.out()) > 0:
            await self._tickets.issue(missing)
        self._changed.set()
        self._ended.set()
        return recovered

    # -- inside -------------------------------------------------------------------------------

    async def _check_held(self, pipeline: Commands, claim: Claim) -> Held:
        held = (await self._tables.held(pipeline)).get(claim.job.id)
        if held is None or held.token != claim.token or held.cancelled:
            raise ClaimLost("The job is not ours any more.")
        return held

    async def _update(
        self, claim: Claim, change: Callable[[Job], Job], packed: bytes | None = None
    ) -> None:
        """Change a job that is ours; one that ends thereby is ours no longer."""

        async def step(pipeline: Commands) -> None:
            await self._check_held(pipeline, claim)
            job = await self._tables.job(pipeline, claim.job.id)
            assert job is not None
            changed = change(job)
            pipeline.multi()
            if changed.state.ended:
                pipeline.hdel(self._tables.claims, job.id)
                self._tables.write_ended(pipeline, changed, packed)
            else:
                self._tables.write_job(pipeline, changed)

        await self._tables.change(step)

    def _again(self, job: Job, step: Step) -> Job:
        return replace(job, state=after(job.state, step), done_s=0.0, started_at=None)

    def _at_end(self, job: Job, step: Step, problem: JobProblem | None = None) -> Job:
        now = self._clock()
        due = tuple(replace(delivery, due_at=now) for delivery in job.deliveries)
        state = after(job.state, step)
        return replace(job, state=state, ended_at=now, problem=problem, deliveries=due)

    async def _number(self, pipeline: Commands, job: Job | None) -> float:
        if job is None:
            return 0.0
        return float(await pipeline.zscore(self._tables.key("of", job.owner), job.id) or 0.0)

    async def _news(self, claim: Claim) -> None:
        """Tell whoever waits for the place that became free, and who carries results out."""
        self._changed.set()
        self._ended.set()
        waiting = await self._tables.read(self._tables.waiting_jobs)
        if any(job.owner == claim.job.owner for job in waiting):
            await self._tickets.issue()
