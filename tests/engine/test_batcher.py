"""The batcher with a scripted engine: sharing, order, failures, bounds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from livecaption.core.batching import BatchPolicy
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.engine.base import Prepared
from livecaption.engine.batcher import Batcher, Superseded
from livecaption.engine.scripted import ScriptedTranscriber, ScriptedWindow, script
from livecaption.errors import EngineError, Overloaded


def request(
    session: str,
    number: int = 1,
    kind: DecodeKind = DecodeKind.PARTIAL,
    utterance: int = 1,
) -> DecodeRequest:
    return DecodeRequest(session, number, utterance, kind, 0, np.zeros(16_000, np.int16))


@asynccontextmanager
async def running(batcher: Batcher) -> AsyncIterator[Batcher]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        yield batcher
        await batcher.aclose()


class Engine:
    """Records batches; holds the first one until released, so that others must wait."""

    def __init__(self, fail: Callable[[Sequence[DecodeRequest]], bool] = lambda _: False) -> None:
        self.batches: list[list[tuple[str, int]]] = []
        self.started = threading.Event()
        self.release = threading.Event()
        self.fail = fail
        self.transcriber = ScriptedTranscriber(script("hello world"), self._before)

    def _before(self, requests: Sequence[DecodeRequest]) -> None:
        self.batches.append([(r.session, r.number) for r in requests])
        self.started.set()
        self.release.wait(5)
        if self.fail(requests):
            raise RuntimeError("CUDA out of memory")

    async def busy(self, batcher: Batcher, tasks: asyncio.TaskGroup) -> None:
        """Keep the engine busy with a request of its own."""
        tasks.create_task(batcher.transcribe(request("first")))
        await asyncio.to_thread(self.started.wait, 5)


async def waiting(batcher: Batcher, count: int) -> None:
    async with asyncio.timeout(5):
        while batcher.waiting < count:  # noqa: ASYNC110 - the queue has no event of its own
            await asyncio.sleep(0.001)


async def test_windows_that_wait_together_run_in_one_batch() -> None:
    engine = Engine()
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        results = [tasks.create_task(batcher.transcribe(request(f"s{i}"))) for i in range(5)]
        await waiting(batcher, 5)
        engine.release.set()
    assert [len(batch) for batch in engine.batches] == [1, 5]
    assert {task.result().request.session for task in results} == {f"s{i}" for i in range(5)}
    assert (batcher.stats.batches, batcher.stats.rows, batcher.waiting) == (2, 6, 0)
    assert batcher.stats.batch_rows.total == 6
    assert batcher.stats.bucket_s.total == 20.0
    assert batcher.stats.batch_took.count == 2
    assert batcher.stats.prepare_took.count == 6
    assert batcher.stats.audio_s > 0


async def test_a_batch_has_at_most_the_rows_of_the_policy() -> None:
    engine = Engine()
    batcher = Batcher(engine.transcriber, BatchPolicy(max_rows=2))
    async with running(batcher), asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        for i in range(5):
            tasks.create_task(batcher.transcribe(request(f"s{i}")))
        await waiting(batcher, 5)
        engine.release.set()
    assert [len(batch) for batch in engine.batches] == [1, 2, 2, 1]


async def test_finals_run_before_partials_that_came_a_little_earlier() -> None:
    engine = Engine()
    batcher = Batcher(engine.transcriber, BatchPolicy(max_rows=1))
    async with running(batcher), asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        tasks.create_task(batcher.transcribe(request("early")))
        await waiting(batcher, 1)
        tasks.create_task(batcher.transcribe(request("final", kind=DecodeKind.FINAL)))
        await waiting(batcher, 2)
        engine.release.set()
    assert [batch[0][0] for batch in engine.batches] == ["first", "final", "early"]


async def test_a_final_supersedes_the_waiting_partial_of_its_own_utterance_only() -> None:
    engine = Engine()
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        old = asyncio.ensure_future(batcher.transcribe(request("s", 1, utterance=1)))
        other = tasks.create_task(batcher.transcribe(request("s", 2, utterance=2)))
        await waiting(batcher, 2)
        final = tasks.create_task(batcher.transcribe(request("s", 3, DecodeKind.FINAL)))
        with pytest.raises(Superseded):
            await old
        engine.release.set()
    assert other.result().words
    assert final.result().request.kind is DecodeKind.FINAL
    assert batcher.stats.superseded == 1


async def test_a_failing_batch_is_tried_again_row_by_row_and_only_the_poison_fails() -> None:
    engine = Engine(fail=lambda requests: any(r.session == "poison" for r in requests))
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        names = ["a", "poison", "b"]
        outcomes = [
            asyncio.ensure_future(batcher.transcribe(request(n, kind=DecodeKind.FINAL)))
            for n in names
        ]
        await waiting(batcher, 3)
        engine.release.set()
        done = await asyncio.gather(*outcomes, return_exceptions=True)
    assert isinstance(done[0], DecodeResult)
    assert isinstance(done[2], DecodeResult)
    assert isinstance(done[1], EngineError)
    assert "out of memory" not in str(done[1])
    assert batcher.stats.failures == 1


async def test_a_failed_partial_is_not_tried_again() -> None:
    engine = Engine(fail=lambda _: True)
    engine.release.set()
    async with running(Batcher(engine.transcriber)) as batcher:
        with pytest.raises(EngineError):
            await batcher.transcribe(request("s"))
        with pytest.raises(EngineError):
            await batcher.transcribe(request("s", 2, DecodeKind.FINAL))
    assert engine.batches == [[("s", 1)], [("s", 2)], [("s", 2)]]


async def test_an_engine_that_answers_too_little_fails_that_batch_and_lives_on() -> None:
    class Forgetful(ScriptedTranscriber):
        def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
            results = super().transcribe(batch)
            return results if results[0].request.session == "fine" else []

    async with running(Batcher(Forgetful(script("hello")))) as batcher:
        with pytest.raises(EngineError):
            await batcher.transcribe(request("short"))
        assert (await batcher.transcribe(request("fine"))).words


async def test_a_window_that_cannot_be_prepared_fails_alone() -> None:
    class Unprepared(ScriptedTranscriber):
        def prepare(self, request: DecodeRequest) -> ScriptedWindow:
            if request.session == "broken":
                raise ValueError("no features")
            return super().prepare(request)

    async with running(Batcher(Unprepared(script("hello")))) as batcher:
        with pytest.raises(EngineError, match="prepare"):
            await batcher.transcribe(request("broken"))
        assert (await batcher.transcribe(request("fine"))).words


async def test_a_session_may_not_fill_the_queue() -> None:
    engine = Engine()
    batcher = Batcher(engine.transcriber, max_waiting=4, max_waiting_per_session=2)
    async with running(batcher), asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        for number in (1, 2):
            tasks.create_task(batcher.transcribe(request("s", number, DecodeKind.FINAL, number)))
        await waiting(batcher, 2)
        with pytest.raises(Overloaded):
            await batcher.transcribe(request("s", 3, DecodeKind.FINAL, 3))
        for name in ("t", "u"):
            tasks.create_task(batcher.transcribe(request(name)))
        await waiting(batcher, 4)
        with pytest.raises(Overloaded):
            await batcher.transcribe(request("v"))
        engine.release.set()


async def test_a_cancelled_request_leaves_the_queue() -> None:
    engine = Engine()
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        gone = asyncio.ensure_future(batcher.transcribe(request("gone")))
        await waiting(batcher, 1)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert batcher.waiting == 0
        engine.release.set()
    assert engine.batches == [[("first", 1)]]


async def test_file_work_runs_only_when_nothing_live_waits() -> None:
    engine = Engine()
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        job = tasks.create_task(batcher.run_job(lambda: list(engine.batches)))
        await asyncio.sleep(0)
        tasks.create_task(batcher.transcribe(request("live")))
        await waiting(batcher, 1)
        engine.release.set()
    assert job.result() == [[("first", 1)], [("live", 1)]]


async def test_only_so_many_files_may_wait() -> None:
    engine = Engine()
    batcher = Batcher(engine.transcriber, max_jobs=1)
    async with running(batcher), asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        tasks.create_task(batcher.run_job(lambda: 1))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await batcher.run_job(lambda: 2)
        engine.release.set()


async def test_failing_file_work_raises_where_it_was_asked_for() -> None:
    def step() -> None:
        raise OSError("disk")

    async with running(Batcher(ScriptedTranscriber())) as batcher:
        with pytest.raises(OSError, match="disk"):
            await batcher.run_job(step)
        cancelled = asyncio.ensure_future(batcher.run_job(lambda: 1))
        cancelled.cancel()
        assert await batcher.run_job(lambda: 2) == 2


async def test_what_waits_at_the_close_is_still_decoded() -> None:
    engine = Engine()
    async with asyncio.TaskGroup() as tasks:
        batcher = Batcher(engine.transcriber)
        tasks.create_task(batcher.run())
        await engine.busy(batcher, tasks)
        late = tasks.create_task(batcher.transcribe(request("late")))
        await waiting(batcher, 1)
        await batcher.aclose()
        engine.release.set()
    assert late.result().words
    batcher.forget("late")


async def test_the_turnaround_of_partials_is_measured() -> None:
    async with running(Batcher(ScriptedTranscriber(script("hello")))) as batcher:
        assert batcher.stats.turnaround_s == 0.0
        await batcher.transcribe(request("s"))
        assert batcher.stats.turnaround_s > 0.0
