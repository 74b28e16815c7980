"""Counting what happens in a time: in memory, or in Redis for several servers together.

A Redis server that fails must not take the captions down with it: while it does, this process
counts alone, and says so in the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from livecaption.access.rates import Rate
from livecaption.errors import OperatorError

__all__ = ["Counters"]

logger = logging.getLogger(__name__)

_ANSWER_S = 0.5
"""How long Redis may take."""
_AVOID_S = 10.0
"""How long a Redis that failed is left alone."""
_MEMORY = "memory://"


class Counters:
    """Counts by name. Use ``Counters.open``; close it with ``aclose``."""

    def __init__(self, shared: Storage | None, pool: Any) -> None:
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(shared) if shared else None
        self._pool = pool
        self._avoid_until = 0.0

    @classmethod
    def open(cls, address: str) -> Counters:
        """Return counters in memory, or at ``redis://…`` (or ``rediss://``, ``unix://``).

        Raises:
            OperatorError: the address is none, or the client for Redis is not installed.
        """
        if address == _MEMORY:
            return cls(None, None)
        if not address.startswith(("redis://", "rediss://", "unix://")):
            raise OperatorError("limits_storage must be memory:// or begin with redis://.")
        try:
            from redis.asyncio import ConnectionPool
        except ImportError:
            raise OperatorError(
                "limits_storage names a Redis server, and the client for it is not installed; "
                "install livecaption[redis]."
            ) from None
        try:
            pool = ConnectionPool.from_url(
                address, socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S
            )
        except ValueError as exc:
            raise OperatorError(f"limits_storage is no address of a Redis server: {exc}.") from None
        options: dict[str, Any] = {"key_prefix": "livecaption", "connection_pool": pool}
        uri = address.replace("unix://", "redis+unix://", 1)
        storage = RedisStorage(
            f"async+{uri}", wrap_exceptions=True, implementation="redispy", **options
        )
        return cls(storage, pool)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def hit(self, rate: Rate, *name: str, cost: int = 1) -> float | None:
        """Count something, if it is still within its rate.

        Args:
            rate: how often it may happen.
            name: what happens, and for whom.
            cost: how many times it counts.

        Returns:
            None when it was counted; else the seconds after which there is room again.
        """
        return await self._ask(_hit, rate, name, cost)

    async def look(self, rate: Rate, *name: str) -> float | None:
        """Return what ``hit`` would, and count nothing."""
        return await self._ask(_look, rate, name, 1)

    async def _ask(
        self, question: _Question, rate: Rate, name: tuple[str, ...], cost: int
    ) -> float | None:
        item = RateLimitItemPerSecond(rate.amount, rate.seconds)
        loop = asyncio.get_running_loop()
        if self._shared is not None and loop.time() >= self._avoid_until:
            try:
                async with asyncio.timeout(2 * _ANSWER_S):
                    return await question(self._shared, item, name, cost)
            except (StorageError, OSError) as exc:
                self._avoid_until = loop.time() + _AVOID_S
                logger.warning(
                    "Redis does not answer (%s); limits are counted by this server alone for %d s",
                    type(exc).__name__,
                    _AVOID_S,
                )
        return await question(self._own, item, name, cost)


async def _hit(
    limiter: SlidingWindowCounterRateLimiter,
    item: RateLimitItemPerSecond,
    name: tuple[str, ...],
    cost: int,
) -> float | None:
    if await limiter.hit(item, *name, cost=cost):
        return None
    return await _wait(limiter, item, name)


async def _look(
    limiter: SlidingWindowCounterRateLimiter,
    item: RateLimitItemPerSecond,
    name: tuple[str, ...],
    cost: int,
) -> float | None:
    if await limiter.test(item, *name, cost=cost):
        return None
    return await _wait(limiter, item, name)


async def _wait(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItemPerSecond, name: tuple[str, ...]
) -> float:
    """Seconds after which there is room for one more."""
    stats = await limiter.get_window_stats(item, *name)
    return max(1.0, stats.reset_time - time.time())


_Question: TypeAlias = Callable[
    [SlidingWindowCounterRateLimiter, RateLimitItemPerSecond, tuple[str, ...], int],
    Awaitable[float | None],
]
