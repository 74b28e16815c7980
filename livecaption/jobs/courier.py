"""Carries results out of the house, and tries again until they arrive or are given up.

What carries, to an address or into a store, is handed in by kind; it must not know how often.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from livecaption.core.file_transcript import FileTranscript
from livecaption.errors import LiveCaptionError, Overloaded
from livecaption.jobs.queue import JobQueue
from livecaption.jobs.records import Delivery, DeliveryState, Job, Kind

__all__ = ["Carrier", "Courier", "NotDelivered", "Patience", "settled"]

logger = logging.getLogger(__name__)

_LOOK_S = 30.0
_TIMES_OUT_S = 45.0
"""Less than the minute after which a delivery is handed out again."""


class NotDelivered(LiveCaptionError):
    """It did not arrive.

    Attributes:
        for_good: trying again is of no use.
    """

    code = "not_delivered"

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class Carrier(Protocol):
    """One way out."""

    async def carry(self, target: str, job: Job, transcript: FileTranscript | None) -> None:
        """Deliver once.

        Args:
            target: where to, as in the order.
            job: it has ended.
            transcript: what it brought; None when it failed.

        Raises:
            NotDelivered: it did not arrive.
        """


@dataclass(frozen=True, slots=True)
class Patience:
    """When to try again: 5 s, 13 s, 34 s, … 1 h, each shortened by up to a half at random."""

    retries: int = 8
    first_s: float = 5.0
    longest_s: float = 3600.0

    def pause(self, failures: int, luck: float) -> float:
        """Return seconds until the next attempt.

        Args:
            failures: attempts so far, from 1.
            luck: 0 to 1, at random: what failed together must not come back together.
        """
        steps = max(1, self.retries - 1)
        factor: float = (self.longest_s / self.first_s) ** (1 / steps)
        return min(self.longest_s, self.first_s * factor ** (failures - 1)) * (1.0 - 0.5 * luck)


def settled(
    delivery: Delivery, problem: NotDelivered | None, now: float, luck: float, patience: Patience
) -> Delivery:
    """Return a delivery after an attempt.

    Args:
        delivery: before the attempt.
        problem: why it did not arrive; None if it did.
        now: seconds since the epoch.
        luck: see ``Patience.pause``.
        patience: how often to try.
    """
    attempts = delivery.attempts + 1
    if problem is None:
        return replace(
            delivery, state=DeliveryState.DELIVERED, attempts=attempts, due_at=None, problem=None
        )
    said = str(problem)
    if problem.for_good or attempts > patience.retries:
        return replace(
            delivery, state=DeliveryState.DEAD, attempts=attempts, due_at=None, problem=said
        )
    due_at = now + patience.pause(attempts, luck)
    return replace(delivery, attempts=attempts, due_at=due_at, problem=said)


class Courier:
    """Delivers what is due, one after the other.

    Args:
        queue: where jobs and their deliveries are.
        carriers: the ways out there are.
        patience: how often to try.
        clock: seconds since the epoch.
        luck: where random numbers come from.
    """

    def __init__(
        self,
        queue: JobQueue,
        carriers: Mapping[Kind, Carrier],
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.time,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._carriers = carriers
        self._patience = patience
        self._clock = clock
        self._luck = luck

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                if await self.deliver_one():
                    continue
                due_at = await self._queue.deliveries.next_at()
                wait_s = _LOOK_S if due_at is None else max(0.1, due_at - self._clock())
                await self._queue.ended(min(_LOOK_S, wait_s))
            except Overloaded as exc:  # the queue says itself what is wrong
                logger.error("results cannot be delivered at present: %s", exc)
                await asyncio.sleep(_LOOK_S)
            except Exception:
                # The disk or the network failed: what is due stays due.
                logger.exception("results cannot be delivered at present")
                await asyncio.sleep(_LOOK_S)

    async def deliver_one(self) -> bool:
        """Try what is due first; say whether there was something."""
        delivery = await self._queue.deliveries.take()
        if delivery is None:
            return False
        try:
            problem = await self._try(delivery)
        except asyncio.CancelledError:
            # We go down. It may have arrived, or not; the next process need not wait to try again.
            await self._queue.deliveries.settle(delivery)
            raise
        after = settled(delivery, problem, self._clock(), self._luck(), self._patience)
        await self._queue.deliveries.settle(after)
        if after.state is DeliveryState.DEAD:
            logger.warning("%s of job %s was given up: %s", after.kind, after.job, after.problem)
        return True

    async def _try(self, delivery: Delivery) -> NotDelivered | None:
        job = await self._queue.get(delivery.job)
        carrier = self._carriers.get(delivery.kind)
        if job is None or carrier is None:
            return NotDelivered("This server has no such way out any more.", for_good=True)
        transcript = await self._queue.result(job.id)
        try:
            async with asyncio.timeout(_TIMES_OUT_S):
                await carrier.carry(delivery.target, job, transcript)
        except NotDelivered as problem:
            return problem
        except TimeoutError:
            return NotDelivered("It took too long.")
        except Exception:
            logger.exception("%s of job %s failed", delivery.kind, delivery.job)
            return NotDelivered("The server failed; its log says why.")
        return None
