"""What a queue keeps in Redis, and how it is changed: all or nothing, by one at a time.

Every change watches one version key, reads what it likes, and writes in one ``MULTI`` that also
moves the version on; what somebody else changed meanwhile makes it start again. Jobs last
minutes, so changes are few, and the states of a job stay one table, in Python.

::

    PREFIX:job:ID      a job, JSON              PREFIX:result:ID  its transcript, packed
    PREFIX:waiting     ID → number              PREFIX:claims     ID → who works on it, JSON
    PREFIX:of:OWNER    ID → number              PREFIX:ended      ID → time
    PREFIX:due         "ID KIND" → time         PREFIX:numbers    the last number given out
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias, TypeVar

import redis.asyncio
from redis.exceptions import RedisError, WatchError

from livecaption.errors import OperatorError, Overloaded
from livecaption.jobs.packing import pack_job, unpack_job
from livecaption.jobs.records import Job

__all__ = ["Commands", "Held", "QueueUnavailable", "RedisTables", "connect"]

T = TypeVar("T")

Commands: TypeAlias = Any
"""A client, or a pipeline that watches: redis-py's own types allow for every kind of answer there
is, where ours are bytes."""

_TRIES = 200
_TIMEOUT_S = 10.0


class QueueUnavailable(Overloaded):
    """Redis does not answer."""

    code = "jobs_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The queue of jobs cannot be reached at present: its Redis does not answer, or not to "
            "this server; come back later.",
            retry_after=10.0,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """Who works on a job."""

    owner: str
    token: str = field(repr=False)
    until: float
    """When it counts as lost, seconds since the epoch."""
    attempts: int
    cancelled: bool = False


def connect(url: str) -> redis.asyncio.Redis:
    """Return a client; nothing is sent yet.

    Raises:
        OperatorError: the address is malformed. The sentence does not repeat it.
    """
    try:
        return redis.asyncio.Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )
    except ValueError:
        raise OperatorError(
            "The address of Redis is malformed; it looks like redis://HOST:6379/0."
        ) from None


class RedisTables:
    """The keys of one queue.

    Args:
        connection: to Redis; answers are bytes.
        prefix: of all keys.
    """

    def __init__(self, connection: redis.asyncio.Redis, prefix: str) -> None:
        self._redis = connection
        self._prefix = prefix
        self._version = self.key("version")
        self.waiting = self.key("waiting")
        self.claims = self.key("claims")
        self.ended = self.key("ended")
        self.due = self.key("due")
        self.numbers = self.key("numbers")

    def key(self, *parts: str) -> str:
        """Return a key's name."""
        return ":".join((self._prefix, *parts))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def read(self, ask: Callable[[Commands], Awaitable[T]]) -> T:
        """Ask something outside of any change.

        Raises:
            QueueUnavailable: Redis does not answer.
        """
        return await _uninterrupted(ask(self._redis))

    async def change(self, step: Callable[[Commands], Awaitable[T]]) -> T:
        """Run one change.

        Args:
            step: reads through the pipeline, then calls ``multi()`` and writes, or does not if
                there is nothing to write. It may run several times.

        Raises:
            QueueUnavailable: Redis does not answer; nothing was written, as far as is known.
        """
        return await _uninterrupted(self._change(step))

    async def _change(self, step: Callable[[Commands], Awaitable[T]]) -> T:
        for _ in range(_TRIES):
            seen = await self._redis.get(self._version)
            try:
                return await self._try(step, seen)
            except WatchError:
                continue
            except RedisError:
                raise
            except Exception:
                # What was read may have been half of somebody else's change.
                if await self._redis.get(self._version) == seen:
                    raise
        raise QueueUnavailable

    async def _try(self, step: Callable[[Commands], Awaitable[T]], seen: bytes | str | None) -> T:
        pipeline: Commands
        async with self._redis.pipeline() as pipeline:
            await pipeline.watch(self._version)
            result = await step(pipeline)
            if pipeline.explicit_transaction:
                pipeline.incr(self._version)
                await pipeline.execute()
            elif await pipeline.get(self._version) != seen:
                raise WatchError
            return result

    async def job(self, reader: Commands, job_id: str) -> Job | None:
        """Return a job, read through a client or a watching pipeline."""
        text = await reader.get(self.key("job", job_id))
        return None if text is None else unpack_job(text)

    def write_job(self, pipeline: Commands, job: Job) -> None:
        """Write a job in a ``MULTI``."""
        pipeline.set(self.key("job", job.id), pack_job(job))

    async def held(self, reader: Commands) -> dict[str, Held]:
        """Return who works on what."""
        rows = await reader.hgetall(self.claims)
        return {name.decode(): Held(**json.loads(text)) for name, text in rows.items()}

    def write_held(self, pipeline: Commands, job_id: str, held: Held) -> None:
        """Write who works on a job in a ``MULTI``."""
        pipeline.hset(self.claims, job_id, json.dumps(asdict(held)))

    async def waiting_jobs(self, reader: Commands) -> list[Job]:
        """Return the jobs that wait, oldest first."""
        names = await reader.zrange(self.waiting, 0, -1)
        found = [await self.job(reader, name.decode()) for name in names]
        return [job for job in found if job is not None]

    def write_waiting(self, pipeline: Commands, job: Job, number: float) -> None:
        """Put a job into the line in a ``MULTI``, where its number belongs."""
        self.write_job(pipeline, job)
        pipeline.zadd(self.waiting, {job.id: number})

    def write_ended(self, pipeline: Commands, job: Job, packed: bytes | None) -> None:
        """Write a job that has ended, with its result and what is due now, in a ``MULTI``."""
        self.write_job(pipeline, job)
        pipeline.zadd(self.ended, {job.id: job.ended_at})
        for delivery in job.deliveries:
            pipeline.zadd(self.due, {f"{job.id} {delivery.kind}": delivery.due_at})
        if packed is not None:
            pipeline.set(self.key("result", job.id), packed)

    def forget(self, pipeline: Commands, job: Job) -> None:
        """Delete a job and all that belongs to it, but who works on it, in a ``MULTI``."""
        pipeline.delete(self.key("job", job.id), self.key("result", job.id))
        pipeline.zrem(self.key("of", job.owner), job.id)
        pipeline.zrem(self.waiting, job.id)
        pipeline.zrem(self.ended, job.id)
        if job.deliveries:
            pipeline.zrem(self.due, *(f"{job.id} {each.kind}" for each in job.deliveries))


async def _uninterrupted(asking: Awaitable[T]) -> T:
    """Await it to its end, also when cancelled meanwhile: redis-py may swallow a cancellation.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    task = asyncio.ensure_future(asking)
    try:
        return await asyncio.shield(task)
    except RedisError:
        raise QueueUnavailable from None
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody else will ask for it
        raise
