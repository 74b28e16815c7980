"""Jobs in Redis: several servers and workers share one queue. See ``JobQueue`` for the promises.

A claim lasts a minute and is kept while its worker lives; what is not kept any more belongs to a
process that died, or lost its network, and ``recover`` takes it back. So the clocks of all hosts
must agree to a few seconds. How durable a job is, is a matter of Redis's settings.

Whoever works hears of work through RQ: see ``rq_tickets.py``. The records are here.
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
from livecaption.jobs.lifecycle import JobState, Step, after, lost
from livecaption.jobs.packing import pack, unpack
from livecaption.jobs.queue import Census, ClaimLost, QueueLimits, Recovered, check_limits
from livecaption.jobs.records import LOST, Claim, Delivery, Job, JobProblem, NewJob
from livecaption.jobs.redis_deliveries import RedisDeliveries
from livecaption.jobs.redis_tables import Commands, Held, RedisTables

__all__ = ["RedisJobQueue", "Tickets"]

_LEASE_S = 60.0
_LOOK_S = 5.0
"""News of other processes come this late at most to who waits without tickets."""


class Tickets(Protocol):
    """Tells workers that there may be work. One too many does no harm, one too few is made up."""

    async def issue(self, count: int = 1) -> None:
        """Wake as many workers."""

    async def out(self) -> int:
        """Return how many nobody has taken yet."""


class RedisJobQueue:
    """One process's access to the queue; close it with ``aclose``."""

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
        self.deliveries = RedisDeliveries(tables, clock)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._tables.aclose()

    # -- for the owner ------------------------------------------------------------------------

    async def check_room(self, owner: str, allowance: int | None = None) -> None:
        """See ``JobQueue.check_room``."""
        await self._tables.read(lambda redis: self._check_room(redis, owner, allowance))

    async def submit(self, new: NewJob) -> Job:
        """See ``JobQueue.submit``."""
        job = Job(
            new.id,
            new.owner,
            JobState.QUEUED,
            new.options,
            new.file_name,
            new.size,
            self._clock(),
            deliveries=tuple(Delivery(new.id, order.kind, order.target) for order in new.orders),
        )

        async def step(pipeline: Commands) -> None:
            await self._check_room(pipeline, job.owner, new.allowance)
            number = int(await pipeline.get(self._tables.numbers) or 0) + 1
            pipeline.multi()
            pipeline.set(self._tables.numbers, number)
            pipeline.zadd(self._tables.waiting, {job.id: number})
            pipeline.zadd(self._tables.key("of", job.owner), {job.id: number})
            self._tables.write_job(pipeline, job)

        await self._tables.change(step)
        await self._tickets.issue()
        self._changed.set()
        return job

    async def get(self, job_id: str) -> Job | None:
        """See ``JobQueue.get``."""
        return await self._tables.read(lambda redis: self._tables.job(redis, job_id))

    async def list_jobs(self, owner: str, *, limit: int, before: str | None = None) -> list[Job]:
        """See ``JobQueue.list_jobs``."""
        key = self._tables.key("of", owner)

        async def ask(redis: Commands) -> list[Job]:
            last: str | float = "+inf"
            if before is not None:
                number = await redis.zscore(key, before)
                if number is None:
                    return []
                last = f"({number:.0f}"
            names = await redis.zrevrangebyscore(key, last, "-inf", start=0, num=limit)
            found = [await self._tables.job(redis, name.decode()) for name in names]
            return [job for job in found if job is not None]

        return await self._tables.read(ask)

    async def result(self, job_id: str) -> FileTranscript | None:
        """See ``JobQueue.result``."""
        packed = await self._tables.read(
            lambda redis: redis.get(self._tables.key("result", job_id))
        )
        return None if packed is None else await asyncio.to_thread(unpack, packed)

    async def cancel(self, job_id: str) -> bool:
        """See ``JobQueue.cancel``."""

        async def step(pipeline: Commands) -> bool:
            job = await self._tables.job(pipeline, job_id)
            held = (await self._tables.held(pipeline)).get(job_id)
            if job is None:
                return False
            pipeline.multi()
            self._tables.forget(pipeline, job)
            if held is not None:
                after(job.state, Step.CANCEL)
                # It keeps its place until its worker lets go.
                self._tables.write_held(pipeline, job_id, replace(held, cancelled=True))
            return True

        return await self._tables.change(step)

    # -- for who works ------------------------------------------------------------------------

    async def arrival(self, timeout_s: float) -> None:
        """See ``JobQueue.arrival``; who has tickets need not wait here."""
        await _wait(self._changed, min(timeout_s, _LOOK_S))

    async def ended(self, timeout_s: float) -> None:
        """See ``JobQueue.ended``."""
        await _wait(self._ended, min(timeout_s, _LOOK_S))

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

    # -- for the house ------------------------------------------------------------------------

    async def census(self) -> Census:
        """See ``JobQueue.census``."""

        async def ask(redis: Commands) -> Census:
            held = await self._tables.held(redis)
            running = sum(not each.cancelled for each in held.values())
            return Census(await redis.zcard(self._tables.waiting), running)

        return await self._tables.read(ask)

    async def needed(self) -> frozenset[str]:
        """See ``JobQueue.needed``."""

        async def ask(redis: Commands) -> frozenset[str]:
            # First who works: what begins meanwhile is then found in one of the two.
            waiting = [name.decode() for name in await redis.zrange(self._tables.waiting, 0, -1)]
            held = await self._tables.held(redis)
            return frozenset(waiting) | {n for n, each in held.items() if not each.cancelled}

        return await self._tables.read(ask)

    async def sweep(self, *, ended_before: float) -> int:
        """See ``JobQueue.sweep``."""

        async def step(pipeline: Commands) -> int:
            names = await pipeline.zrangebyscore(self._tables.ended, "-inf", f"({ended_before}")
            found = [await self._tables.job(pipeline, name.decode()) for name in names]
            jobs = [job for job in found if job and not any(d.is_pending for d in job.deliveries)]
            if jobs:
                pipeline.multi()
            for job in jobs:
                self._tables.forget(pipeline, job)
            return len(jobs)

        return await self._tables.change(step)

    # -- inside -------------------------------------------------------------------------------

    async def _check_room(self, reader: Commands, owner: str, allowance: int | None) -> None:
        waiting = await self._tables.waiting_jobs(reader)
        held = await self._tables.held(reader)
        running = sum(each.owner == owner and not each.cancelled for each in held.values())
        own = sum(job.owner == owner for job in waiting) + running
        check_limits(self._limits, allowance, waiting=len(waiting), own=own)

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


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
