"""Tells workers on any host, through RQ, that there is work; an RQ job is a ticket, not the work.

A ticket says no more than that a job waits. Whoever draws it claims the next job whose turn it is,
so that owners take turns, and a ticket too many finds nothing to do. RQ knows which workers there
are and what they are busy with: ``rq info`` shows it. It never unpickles anything.

::

    submit ─▶ enqueue ─▶ RQ's queue in Redis ─▶ thread of a worker ─▶ JobRunner.work_one
                                                    └─ tells RQ that it lives ◀─┘
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextvars import ContextVar
from typing import Any, TypeVar

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from livecaption.errors import Overloaded
from livecaption.jobs.redis_tables import QueueUnavailable
from livecaption.jobs.runner import JobRunner

__all__ = ["RqTickets", "RqWorkers", "work_off"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

_LISTEN_S = 1
"""How long a worker waits for a ticket before it looks whether it should go."""
_BEAT_S = 15.0
_LEAVE_S = 5.0

# It logs each ticket at INFO.
logging.getLogger("rq.worker").setLevel(logging.WARNING)


def _queue(url: str, name: str) -> Queue:
    # Longer than it listens, shorter than anybody waits for an answer.
    connection = redis.Redis.from_url(url, socket_timeout=10.0, socket_connect_timeout=5.0)
    return Queue(
        name,
        connection=connection,
        serializer=JSONSerializer,
        death_penalty_class=TimerDeathPenalty,
    )


class RqTickets:
    """Tickets of one RQ queue; see ``Tickets`` for the promises.

    Args:
        url: of Redis.
        name: of the RQ queue.
    """

    def __init__(self, url: str, name: str = "livecaption") -> None:
        self._queue = _queue(url, name)

    async def issue(self, count: int = 1) -> None:
        """See ``Tickets.issue``.

        Raises:
            QueueUnavailable: Redis does not answer; ``recover`` makes up for it.
        """
        await _asked(lambda: self._issue(count))

    async def out(self) -> int:
        """See ``Tickets.out``.

        Raises:
            QueueUnavailable: Redis does not answer.
        """
        return await _asked(lambda: int(self._queue.count))

    def _issue(self, count: int) -> None:
        for _ in range(count):
            self._queue.enqueue(
                f"{__name__}.{work_off.__name__}",
                job_timeout=-1,
                result_ttl=0,
                failure_ttl=3600,
                description="a file to transcribe",
            )


class _Worker(SimpleWorker):
    """An RQ worker in a thread of ours, which knows what to do with a ticket."""

    def __init__(self, queue: Queue, hand: Callable[[_Worker], None]) -> None:
        super().__init__(
            [queue],
            connection=queue.connection,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        self.death_penalty_class = TimerDeathPenalty
        self.hand = hand

    def appear(self) -> None:
        """Tell RQ that this worker is there."""
        self.register_birth()  # type: ignore[no-untyped-call]

    def disappear(self) -> None:
        """Tell RQ that it is not any more."""
        self.register_death()  # type: ignore[no-untyped-call]

    def beat(self) -> None:
        """Tell RQ that the ticket in hand is being worked on."""
        job, execution = self.get_current_job(), self.execution
        if job is not None and execution is not None:
            self.maintain_heartbeats(job, execution)


_here: ContextVar[_Worker] = ContextVar("the worker of this thread")


def work_off() -> None:
    """Work on one job; RQ calls this by its name, in the thread of a worker."""
    worker = _here.get()
    worker.hand(worker)


class RqWorkers:
    """Threads that draw tickets, and have a runner in this event loop do the work.

    Args:
        url: of Redis.
        runner: does the work.
        count: jobs at the same time.
        name: of the RQ queue.
    """

    def __init__(
        self, url: str, runner: JobRunner, *, count: int = 1, name: str = "livecaption"
    ) -> None:
        self._url = url
        self._name = name
        self._runner = runner
        self._count = count
        self._stopping = threading.Event()
        self._working: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Work until cancelled; what is under way then is given back."""
        loop = asyncio.get_running_loop()
        threads = [
            threading.Thread(
                target=self._listen, args=(loop,), name="livecaption-tickets", daemon=True
            )
            for _ in range(self._count)
        ]
        for thread in threads:
            thread.start()
        try:
            await loop.create_future()
        finally:
            self._stopping.set()
            for task in self._working:
                task.cancel()
            if self._working:
                await asyncio.wait(self._working, timeout=_LEAVE_S)
            for thread in threads:
                # One that waits for Redis ends with the process.
                await asyncio.to_thread(thread.join, _LEAVE_S)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.is_set():
            try:
                self._draw(loop)
            except Exception as exc:  # noqa: BLE001 - whatever RQ or Redis raise
                logger.error(
                    "no job is begun: Redis, which keeps the queue, does not answer as it should "
                    "(%s); tried again every %.0f s",
                    type(exc).__name__,
                    _LEAVE_S,
                )
                self._stopping.wait(_LEAVE_S)

    def _draw(self, loop: asyncio.AbstractEventLoop) -> None:
        worker = _Worker(_queue(self._url, self._name), lambda it: self._hand(it, loop))
        _here.set(worker)
        worker.appear()
        try:
            while not self._stopping.is_set():
                found = worker.dequeue_job_and_maintain_ttl(_LISTEN_S, max_idle_time=_LISTEN_S)
                if found is not None:
                    worker.execute_job(*found)
        finally:
            worker.disappear()

    def _hand(self, worker: _Worker, loop: asyncio.AbstractEventLoop) -> None:
        """Have one job done, and wait for it."""
        doing = asyncio.run_coroutine_threadsafe(self._work_one(), loop)
        try:
            _wait(doing, worker.beat)
        except CancelledError:
            return
        except Overloaded as exc:
            # It was given back, which issued another ticket.
            self._stopping.wait(exc.retry_after)

    async def _work_one(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._working.add(task)
        try:
            if not self._stopping.is_set():
                await self._runner.work_one()
        finally:
            self._working.discard(task)


def _wait(doing: Future[None], beat: Callable[[], None]) -> None:
    while True:
        try:
            doing.result(_BEAT_S)
            return
        except TimeoutError:
            if doing.done():
                raise
            beat()


async def _asked(ask: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(ask)
    except redis.RedisError:
        raise QueueUnavailable from None
