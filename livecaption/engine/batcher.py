"""The only place where requests wait.

::

    submit ─▶ prepare (one thread) ─▶ waiting ─▶ select (pure) ─▶ lane ─▶ BatchRunner

One lane for each device of the engine; a lane takes a batch, runs it in its thread, hands out the
results, and takes the next. Work on whole files runs in the same lanes, one window at a time, and
only while no live request waits.

Bounds: a session may have ``max_waiting_per_session`` requests here, all together ``max_waiting``,
and whole files ``max_jobs``; more is refused with ``Overloaded`` (a session declares it as a gap).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from livecaption.core.batching import BatchPolicy, CostModel, PendingWindow
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.engine.base import Prepared, Transcriber
from livecaption.engine.batch_runner import BatchRunner, Entry
from livecaption.engine.batcher_stats import BatcherStats
from livecaption.engine.suspects import Suspects
from livecaption.errors import EngineDied, EngineError, LeftOut, Overloaded

__all__ = ["Batcher", "BatcherStats", "Superseded"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Superseded(Exception):
    """A waiting partial gave way to its utterance's closing decode."""


@dataclass(slots=True, eq=False)
class _Job:
    """One step of work on a whole file."""

    run: Callable[[], Any]
    future: asyncio.Future[Any] = field(repr=False)


class Batcher:
    """Owns the engine's threads. ``run`` must be running for anything to be decoded."""

    def __init__(
        self,
        transcriber: Transcriber,
        policy: BatchPolicy | None = None,
        *,
        max_waiting: int = 4096,
        max_waiting_per_session: int = 128,
        max_jobs: int = 64,
    ) -> None:
        self._transcriber = transcriber
        self._policy = policy or BatchPolicy()
        self._max_waiting = max_waiting
        self._max_per_session = max_waiting_per_session
        self._max_jobs = max_jobs
        self._preparing: Counter[str] = Counter()
        self._costs = CostModel()
        self._entries: dict[PendingWindow, Entry] = {}
        self._jobs: deque[_Job] = deque()
        self._changed = asyncio.Condition()
        self._closing = False
        workers = transcriber.info.workers
        self._workers = workers
        self._last_live = -math.inf
        self._prepare = ThreadPoolExecutor(1, thread_name_prefix="livecaption-prepare")
        self._engine = ThreadPoolExecutor(workers, thread_name_prefix="livecaption-engine")
        self.stats = BatcherStats()
        self._suspects = Suspects()
        self._runner = BatchRunner(
            transcriber, self._in_engine, self._suspects, self._costs, self.stats
        )

    @property
    def transcriber(self) -> Transcriber:
        """The engine behind it."""
        return self._transcriber

    @property
    def waiting(self) -> int:
        """Requests that are not running yet."""
        return len(self._entries)

    @property
    def waiting_jobs(self) -> int:
        """Steps of whole-file work that are not running yet."""
        return len(self._jobs)

    @property
    def busy_batch(self) -> tuple[float, int] | None:
        """Seconds and rows of a batch when much waits; None while nothing was decoded."""
        return self._costs.busy(self._policy.max_rows, self._policy.max_seconds)

    @property
    def quiet_s(self) -> float:
        """Seconds since the last live request; infinite if there was none."""
        return time.monotonic() - self._last_live

    async def warm_up(self) -> None:
        """Run every batch shape once in the engine thread."""
        await self._in_engine(self._transcriber.warm_up)

    async def transcribe(self, request: DecodeRequest) -> DecodeResult:
        """Decode one window, sharing a batch with other sessions.

        Raises:
            Superseded: a closing decode of the same session made this partial pointless.
            Overloaded: too much waits already.
            LeftOut: the engine died twice under this window.
            EngineError: the engine failed on it; a final was tried twice.
        """
        if self._suspects.condemned(request):
            self.stats.failures += 1
            raise LeftOut("The engine died twice under this utterance.")
        submitted = self._last_live = time.monotonic()
        self._admit(request)
        prepared = await self._prepared(request)
        loop = asyncio.get_running_loop()
        window = PendingWindow(
            session=request.session,
            number=request.number,
            key=prepared.key,
            bucket=prepared.bucket,
            arrived=submitted,
            final=request.kind is DecodeKind.FINAL,
        )
        entry = Entry(window, prepared, loop.create_future())
        self._entries[window] = entry
        await self._notify()
        result = await self._wait_for(entry)
        # How long a restart took says nothing about how long the next window will take.
        if request.kind is DecodeKind.PARTIAL and submitted > self._runner.disturbed_at:
            self.stats.note_partial(time.monotonic() - submitted)
        return result

    async def run_job(self, step: Callable[[], T]) -> T:
        """Run one step of whole-file work in an engine thread, when nothing live waits.

        Raises:
            Overloaded: too many files wait already.
        """
        if len(self._jobs) >= self._max_jobs:
            raise Overloaded("Too many files are being transcribed already.")
        job = _Job(step, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        await self._notify()
        result: T = await job.future
        return result

    def forget(self, session: str) -> None:
        """Drop what the engine has cached for a session that ended."""
        if not self._closing:
            self._prepare.submit(self._transcriber.forget, session)

    async def run(self) -> None:
        """Decode until ``aclose``; what waits then is still decoded."""
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(self._workers):
                    lanes.create_task(self._lane())
        finally:
            self._prepare.shutdown(wait=False, cancel_futures=True)
            self._engine.shutdown(wait=False, cancel_futures=True)

    async def aclose(self) -> None:
        """Let ``run`` return once nothing waits."""
        self._closing = True
        await self._notify()

    # -- inside -----------------------------------------------------------------------------

    def _admit(self, request: DecodeRequest) -> None:
        mine = [e for e in self._entries.values() if e.window.session == request.session]
        own = len(mine) + self._preparing[request.session]
        total = len(self._entries) + self._preparing.total()
        if own >= self._max_per_session or total >= self._max_waiting:
            self.stats.refused += 1
            raise Overloaded("The engine is too far behind to take this audio.")
        if request.kind is DecodeKind.FINAL:
            for entry in mine:
                waiting = entry.prepared.request
                same = waiting.utterance == request.utterance
                if same and waiting.kind is DecodeKind.PARTIAL:
                    self._entries.pop(entry.window)
                    self.stats.superseded += 1
                    if not entry.future.done():
                        entry.future.set_exception(Superseded())

    async def _prepared(self, request: DecodeRequest) -> Prepared:
        self._preparing[request.session] += 1
        began = time.monotonic()
        try:
            return await self._in_preparation(request)
        except EngineDied as exc:
            raise LeftOut("The engine died twice under this window.") from exc
        except EngineError as exc:
            logger.warning("preparing a window failed: %s", exc)
            raise
        except Exception as exc:
            logger.exception("preparing a window failed", extra={"session": request.session})
            raise EngineError("The engine could not prepare the audio of this window.") from exc
        finally:
            self.stats.prepare_took.observe(time.monotonic() - began)
            self._preparing[request.session] -= 1
            if not self._preparing[request.session]:
                del self._preparing[request.session]

    async def _in_preparation(self, request: DecodeRequest) -> Prepared:
        """Prepare a window; once more, where the engine died meanwhile.

        A suspect's is prepared while nothing else runs, as it is decoded: else it would be in hand
        when the engine dies under another suspect, and be condemned for that.
        """
        loop = asyncio.get_running_loop()
        prepare = partial(loop.run_in_executor, self._prepare, self._transcriber.prepare, request)
        while True:
            try:
                if not self._suspects.suspected(request):
                    return await prepare()
                async with self._runner.turnstile.alone():
                    return await prepare()
            except EngineDied as exc:
                self._suspects.blame(request, exc.life)
                if self._suspects.condemned(request):
                    raise

    async def _wait_for(self, entry: Entry) -> DecodeResult:
        try:
            return await entry.future
        finally:
            # A publisher that went away must not leave its audio in the queue.
            self._entries.pop(entry.window, None)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _lane(self) -> None:
        while True:
            if self._entries or self._jobs:
                # Before a batch is chosen: what comes meanwhile may belong into it.
                await self._runner.ready()
            batch = self._take()
            if batch:
                await self._runner.run(batch)
            elif self._jobs:
                await self._run_job(self._jobs.popleft())
            elif self._closing:
                return
            else:
                async with self._changed:
                    await self._changed.wait_for(self._has_work)

    def _has_work(self) -> bool:
        return bool(self._entries or self._jobs or self._closing)

    def _take(self) -> list[Entry]:
        chosen = self._policy.select(list(self._entries), self._costs)
        batch = self._runner.compatible([self._entries[window] for window in chosen])
        for entry in batch:
            del self._entries[entry.window]
        return batch

    async def _run_job(self, job: _Job) -> None:
        if job.future.cancelled():
            return
        async with self._runner.turnstile.together():
            running = asyncio.ensure_future(self._in_engine(job.run))
            await asyncio.wait({running})
        if job.future.done():
            return
        error = running.exception()
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(running.result())

    async def _in_engine(self, step: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._engine, step)
