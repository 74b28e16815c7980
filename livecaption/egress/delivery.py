"""Blocks on their way to a service: one at a time, in order, tried again, and dropped when stale.

::

    waiting blocks ─▶ open ──accepted──▶ flow ─▶ request ─▶ answer ─▶ next
                        ▲  └refused: knock later  │  └again: the same request after a pause
                        └─────────refused─────────┘

The queue is bounded: a service that is down costs its viewers captions, not this server memory. It
must not know what a service's requests look like; its dialect does.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from livecaption.egress.blocks import CaptionBlock
from livecaption.egress.exchange import Dialect, Outcome, Request
from livecaption.egress.http import CaptionHttp, Unreachable

__all__ = ["Delivery", "DeliveryStats", "Patience"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between attempts; seconds."""

    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0
    finish_s: float = 3.0
    """For what still waits when the server stops."""

    def pause(self, attempt: int, luck: float) -> float:
        """Return the pause after the failed attempt number ``attempt``, from 0.

        Half of it is chance, so that servers that failed together do not come back together.
        """
        bound = min(self.longest_pause_s, self.first_pause_s * 2.0 ** min(attempt, 16))
        return bound * (0.5 + 0.5 * luck)


@dataclass(slots=True)
class DeliveryStats:
    """Counters since the start."""

    delivered: int = 0
    """Blocks that the service has."""
    dropped: int = 0
    """Blocks that it will never get."""
    retries: int = 0


class Delivery:
    """One sink's queue and the task that empties it.

    Args:
        label: what the log calls it; holds no part of the address.
        dialect: what is said.
        http: how it is said.
        limit: blocks that may wait; the oldest is dropped then.
        patience: pauses.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        label: str,
        dialect: Dialect,
        http: CaptionHttp,
        *,
        limit: int = 32,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._label = label
        self._dialect = dialect
        self._http = http
        self._limit = limit
        self._patience = patience or Patience()
        self._clock = clock
        self._luck = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._waiting: deque[CaptionBlock] = deque()
        self._wake = asyncio.Event()
        self._finishing = False
        self._done = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._troubled = False
        self._reported = 0
        """Dropped blocks that the log knows of."""
        self.stats = DeliveryStats()

    @property
    def troubled(self) -> bool:
        """Whether captions do not get through now."""
        return self._troubled

    def put(self, block: CaptionBlock) -> None:
        """Queue a block; never waits."""
        self._waiting.append(block)
        if len(self._waiting) > self._limit:
            self._waiting.popleft()
            self._drop(1)
        self._wake.set()

    async def run(self) -> None:
        """Deliver until ``finish``."""
        self._running = asyncio.current_task()
        try:
            while not self._finishing:
                if await self._open():
                    await self._flow()
        except asyncio.CancelledError:
            if not self._finishing:
                raise
            # Ours: what could not go out in time is dropped.
            assert self._running is not None
            self._running.uncancel()
        finally:
            self._done.set()
            await self._http.aclose()

    async def finish(self) -> None:
        """Let what waits go out, within ``patience.finish_s``, and ``run`` return."""
        self._finishing = True
        self._wake.set()
        try:
            async with asyncio.timeout(self._patience.finish_s):
                await self._done.wait()
        except TimeoutError:
            if self._running is not None:
                self._running.cancel()

    # -- opening ----------------------------------------------------------------------------

    async def _open(self) -> bool:
        """Ask until the service takes captions; False when there is no time left for that."""
        attempt = 0
        while not self._finishing:
            outcome, reason = await self._ask()
            if outcome is Outcome.ACCEPTED:
                self._recovered()
                return True
            if outcome is Outcome.REFUSED:
                self._trouble(reason)
                await asyncio.sleep(self._dialect.pace.knock_s)
            else:
                await self._back_off(attempt, reason)
                attempt += 1
            self._forget_stale()
        return False

    async def _ask(self) -> tuple[Outcome, str]:
        try:
            answer = await self._http.send(self._dialect.opening(self._clock()))
        except Unreachable as exc:
            return Outcome.AGAIN, str(exc)
        return self._dialect.opened(answer), f"status {answer.status}"

    # -- captions ---------------------------------------------------------------------------

    async def _flow(self) -> None:
        """Send what comes, until the service refuses or there is nothing more to come."""
        pace = self._dialect.pace
        going_on = True
        while going_on:
            blocks = await self._next_blocks(self._loop_time() + pace.between_s)
            if blocks or (pace.heartbeat_s is not None and not self._finishing):
                going_on = await self._deliver(blocks)
            elif self._finishing:
                return

    async def _next_blocks(self, not_before: float) -> list[CaptionBlock]:
        """Wait for blocks; an empty list says that a heartbeat is due, or that all is over."""
        try:
            async with asyncio.timeout(self._dialect.pace.heartbeat_s):
                while not self._waiting and not self._finishing:
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            return []
        await asyncio.sleep(max(0.0, not_before - self._loop_time()))
        self._forget_stale()
        count = min(len(self._waiting), self._dialect.batch)
        return [self._waiting.popleft() for _ in range(count)]

    async def _deliver(self, blocks: list[CaptionBlock]) -> bool:
        """Send one request until it is accepted, refused or stale; say whether to go on."""
        now = self._clock()
        request = self._dialect.captions(blocks) if blocks else self._dialect.heartbeat(now)
        useless_at = (blocks[0].at if blocks else now) + self._dialect.pace.stale_s
        attempt = 0
        perhaps_received = False
        while True:
            outcome, reason, received = await self._try(request)
            perhaps_received |= received
            if outcome is Outcome.ACCEPTED:
                self.stats.delivered += len(blocks)
                self._recovered()
                return True
            if outcome is Outcome.REFUSED:
                self._trouble(reason)
                self._drop(len(blocks))
                return False
            if self._clock() > useless_at:
                self._drop(len(blocks))
                outcome = self._dialect.given_up(perhaps_received=perhaps_received)
                return outcome is Outcome.ACCEPTED
            self.stats.retries += 1
            await self._back_off(attempt, reason)
            attempt += 1

    async def _try(self, request: Request) -> tuple[Outcome, str, bool]:
        """Send a request once; return what it came to, why, and whether it may have arrived."""
        try:
            answer = await self._http.send(request)
        except Unreachable as exc:
            return Outcome.AGAIN, str(exc), exc.perhaps_received
        return self._dialect.answered(answer), f"status {answer.status}", True

    # -- waiting, dropping, telling ---------------------------------------------------------

    async def _back_off(self, attempt: int, reason: str) -> None:
        """Wait after a failed attempt; the first one may be nothing, the second is told."""
        if attempt:
            self._trouble(reason)
        await asyncio.sleep(self._patience.pause(attempt, self._luck.random()))

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()

    def _forget_stale(self) -> None:
        oldest = self._clock() - self._dialect.pace.stale_s
        while self._waiting and self._waiting[0].at < oldest:
            self._waiting.popleft()
            self._drop(1)

    def _drop(self, count: int) -> None:
        if count and self.stats.dropped == self._reported and not self._troubled:
            logger.warning("%s is too slow: captions for it are dropped", self._label)
        self.stats.dropped += count

    def _trouble(self, reason: str) -> None:
        """Tell the log once that captions do not get through."""
        if not self._troubled:
            self._troubled = True
            logger.warning("%s gets no captions (%s); trying on", self._label, reason)

    def _recovered(self) -> None:
        lost = self.stats.dropped - self._reported
        if self._troubled or lost:
            logger.info("%s gets captions; %d blocks were dropped before", self._label, lost)
        self._troubled = False
        self._reported = self.stats.dropped
