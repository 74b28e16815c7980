"""Results on their way out, in Redis; see ``DeliveryBox`` for the promises."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from livecaption.jobs.records import Delivery
from livecaption.jobs.redis_tables import Commands, RedisTables

__all__ = ["RedisDeliveries"]

_LEASE_S = 60.0


class RedisDeliveries:
    """The deliveries of a ``RedisJobQueue``."""

    def __init__(self, tables: RedisTables, clock: Callable[[], float] = time.time) -> None:
        self._tables = tables
        self._clock = clock

    async def take(self) -> Delivery | None:
        """See ``DeliveryBox.take``."""

        async def step(pipeline: Commands) -> Delivery | None:
            now = self._clock()
            names = await pipeline.zrangebyscore(self._tables.due, "-inf", now, start=0, num=1)
            if not names:
                return None
            job_id, _, kind = names[0].decode().partition(" ")
            job = await self._tables.job(pipeline, job_id)
            found = [each for each in job.deliveries if each.kind == kind] if job else []
            pipeline.multi()
            if not found:
                pipeline.zrem(self._tables.due, names[0])
                return None
            pipeline.zadd(self._tables.due, {names[0]: now + _LEASE_S})
            return found[0]

        return await self._tables.change(step)

    async def next_at(self) -> float | None:
        """See ``DeliveryBox.next_at``."""
        first = await self._tables.read(
            lambda redis: redis.zrange(self._tables.due, 0, 0, withscores=True)
        )
        return float(first[0][1]) if first else None

    async def settle(self, delivery: Delivery) -> None:
        """See ``DeliveryBox.settle``."""
        name = f"{delivery.job} {delivery.kind}"

        async def step(pipeline: Commands) -> None:
            job = await self._tables.job(pipeline, delivery.job)
            pipeline.multi()
            if job is None or delivery.due_at is None:
                pipeline.zrem(self._tables.due, name)
            else:
                pipeline.zadd(self._tables.due, {name: delivery.due_at})
            if job is not None:
                others = (d for d in job.deliveries if d.kind is not delivery.kind)
                both = sorted((*others, delivery), key=lambda each: each.kind)
                self._tables.write_job(pipeline, replace(job, deliveries=tuple(both)))

        await self._tables.change(step)
