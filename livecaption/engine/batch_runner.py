"""Runs one batch in an engine thread, and knows what follows when that fails.

::

    batch ─▶ transcribe ─▶ results
                │
                ├─ the engine died ───▶ every row again, with nothing beside it; a second death
                │                       is that row's own, and its utterance runs no more
                ├─ memory ran out ────▶ once more in two halves
                └─ anything else ─────▶ finals again one by one: a poisonous window must not take
                                        its neighbours with it. A partial is not worth it: its
                                        session asks again with more audio
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from livecaption.core.batching import CostModel, PendingWindow
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.engine.base import Prepared, Restartable, Transcriber
from livecaption.engine.batcher_stats import BatcherStats
from livecaption.engine.failures import Failure, failure_of
from livecaption.engine.suspects import Suspects, Turnstile
from livecaption.errors import EngineDied, EngineError, LeftOut

__all__ = ["BatchRunner", "Entry", "InEngine"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Entry:
    """A window that somebody waits for."""

    window: PendingWindow
    prepared: Prepared
    future: asyncio.Future[DecodeResult] = field(repr=False)

    @property
    def request(self) -> DecodeRequest:
        """What was asked for."""
        return self.prepared.request


class InEngine(Protocol):
    """Runs a call in a thread of the engine."""

    def __call__(self, step: Callable[[], T], /) -> Awaitable[T]:
        """Return what it returns."""


class BatchRunner:
    """See the module; one for all lanes.

    Args:
        transcriber: the engine.
        in_engine: runs its calls.
        suspects: utterances that the engine died under.
        costs: learns what batches cost.
        stats: counts them.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        in_engine: InEngine,
        suspects: Suspects,
        costs: CostModel,
        stats: BatcherStats,
    ) -> None:
        self._transcriber = transcriber
        self._restartable = transcriber if isinstance(transcriber, Restartable) else None
        self._in_engine = in_engine
        self._suspects = suspects
        self._costs = costs
        self._stats = stats
        self.turnstile = Turnstile()
        """Whatever uses the engine goes through it."""
        self.disturbed_at = -math.inf
        """When somebody last had to wait because the engine was gone; on ``time.monotonic``."""

    async def ready(self) -> None:
        """Wait while the engine is being started again, but not for one that does not come."""
        engine = self._restartable
        if engine is not None and not engine.is_up:
            with suppress(EngineError):
                await self._in_engine(engine.wait_up)
            self.disturbed_at = time.monotonic()

    def compatible(self, batch: Sequence[Entry]) -> list[Entry]:
        """Return those of a batch that may run together, its leader among them."""
        if batch and self._suspects.suspected(batch[0].request):
            return [batch[0]]
        return [entry for entry in batch if not self._suspects.suspected(entry.request)]

    async def run(self, batch: Sequence[Entry]) -> None:
        """Settle every entry of a batch."""
        if self._suspects.suspected(batch[0].request):
            await self._alone(batch[0])
            return
        async with self.turnstile.together():
            started = time.monotonic()
            error = await self._attempt(batch)
            took = time.monotonic() - started
        bucket = max(entry.window.bucket for entry in batch)
        self._stats.note_batch([entry.prepared for entry in batch], bucket, took)
        if error is None:
            leader = batch[0].window
            self._costs.observe(leader.key.beam_size, bucket, len(batch), took)
            return
        await self._mend(batch, error)

    # -- after a failure --------------------------------------------------------------------

    async def _mend(
        self, batch: Sequence[Entry], error: Exception, *, halved: bool = False
    ) -> None:
        if isinstance(error, EngineDied):
            for entry in batch:
                await self._alone(entry)
        elif failure_of(error) is Failure.MEMORY and len(batch) > 1 and not halved:
            await self._in_halves(batch)
        else:
            await self._finals_again(batch, error)

    async def _alone(self, entry: Entry) -> None:
        """Run a suspect while nothing else runs."""
        if entry.future.done():
            return
        if self._suspects.condemned(entry.request):
            self._fail(entry, EngineDied("The engine died under this utterance before."))
            return
        async with self.turnstile.alone():
            error = await self._attempt([entry])
        self.disturbed_at = time.monotonic()
        if isinstance(error, EngineDied):
            logger.error(
                "the engine died twice under a window; it is left out",
                extra={"session": entry.request.session},
            )
            self._fail(entry, error)
        elif error is not None:
            await self._finals_again([entry], error)

    async def _in_halves(self, batch: Sequence[Entry]) -> None:
        self._stats.halved += 1
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            async with self.turnstile.together():
                error = await self._attempt(half)
            if error is not None:
                await self._mend(half, error, halved=True)

    async def _finals_again(self, batch: Sequence[Entry], error: Exception) -> None:
        for entry in batch:
            last: Exception | None = error
            if entry.window.final:
                async with self.turnstile.together():
                    last = await self._attempt([entry])
            if isinstance(last, EngineDied):
                await self._alone(entry)
            elif last is not None:
                self._fail(entry, last)

    def _fail(self, entry: Entry, error: Exception) -> None:
        if not entry.future.done():
            self._stats.failures += 1
            kind = LeftOut if isinstance(error, EngineDied) else EngineError
            failure = kind("The engine failed on this window.")
            failure.__cause__ = error
            entry.future.set_exception(failure)

    async def _attempt(self, batch: Sequence[Entry]) -> Exception | None:
        """Run a batch and hand out its results; return the error instead of raising it."""
        prepared = [entry.prepared for entry in batch]
        try:
            results = await self._in_engine(lambda: self._transcriber.transcribe(prepared))
            if len(results) != len(batch):
                raise EngineError(f"The engine gave {len(results)} results for {len(batch)} rows.")
        except EngineDied as exc:
            logger.warning("the engine died with a batch of %d windows in hand", len(batch))
            for entry in batch:
                self._suspects.blame(entry.request, exc.life)
            return exc
        except EngineError as exc:
            logger.warning("a batch of %d windows failed: %s", len(batch), exc)
            return exc
        except Exception as exc:
            logger.exception("a batch of %d windows failed", len(batch))
            return exc
        for entry, result in zip(batch, results, strict=True):
            self._suspects.clear(entry.request)
            if not entry.future.done():
                entry.future.set_result(result)
        return None
