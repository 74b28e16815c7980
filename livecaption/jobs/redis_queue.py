"""Jobs in Redis: several servers and workers share one queue. See ``JobQueue`` for the promises.

How durable a job is, is a matter of Redis's settings. Whoever works hears of work through RQ: see
``rq_tickets.py``. The records are here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from livecaption.core.file_transcript import FileTranscript
from livecaption.jobs.lifecycle import JobState, Step, after
from livecaption.jobs.packing import unpack
from livecaption.jobs.queue import Census, QueueLimits, check_limits
from livecaption.jobs.records import Delivery, Job, NewJob
from livecaption.jobs.redis_deliveries import RedisDeliveries
from livecaption.jobs.redis_tables import Commands, RedisTables
from livecaption.jobs.redis_work import RedisWork, Tickets

__all__ = ["RedisJobQueue"]


class RedisJobQueue(RedisWork):
    """One process's access to the queue; close it with ``aclose``."""

    def __init__(
        self,
        tables: RedisTables,
        tickets: Tickets,
        limits: QueueLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(tables, tickets, limits, clock)
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

    async def _check_room(self, reader: Commands, owner: str, allowance: int | None) -> None:
        waiting = await self._tables.waiting_jobs(reader)
        held = await self._tables.held(reader)
        running = sum(each.owner == owner and not each.cancelled for each in held.values())
        own = sum(job.owner == owner for job in waiting) + running
        check_limits(self._limits, allowance, waiting=len(waiting), own=own)
