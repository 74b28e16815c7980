"""What follows when a batch fails: the engine dies, memory runs out, a window is poisonous."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.engine.base import Restartable
from livecaption.engine.batcher import Batcher
from livecaption.engine.failures import Failure, failure_of
from livecaption.engine.scripted import ScriptedTranscriber, ScriptedWindow, script
from livecaption.engine.suspects import Suspects, Turnstile
from livecaption.errors import EngineDied, EngineError
from tests.engine.test_batcher import Engine, request, running, waiting

FINAL = DecodeKind.FINAL


class Mortal(ScriptedTranscriber):
    """Dies while a certain session is in hand; keeps a record of who ran beside whom."""

    def __init__(self, kills: Callable[[Sequence[DecodeRequest]], bool], workers: int = 1) -> None:
        super().__init__(script("hello world"), self._before)
        self.info = replace(self.info, workers=workers)
        self.kills = kills
        self.batches: list[list[str]] = []
        self.at_once = 0
        self.beside: list[int] = []
        self.began = threading.Event()
        self.go = threading.Event()
        self._lives = itertools.count()

    def _before(self, requests: Sequence[DecodeRequest]) -> None:
        self.began.set()
        self.go.wait(5)
        self.at_once += 1
        try:
            self.batches.append([r.session for r in requests])
            self.beside.append(self.at_once)
            if self.kills(requests):
                raise EngineDied("gone", life=next(self._lives))
        finally:
            self.at_once -= 1


def poisonous(requests: Sequence[DecodeRequest]) -> bool:
    return any(r.session == "poison" for r in requests)


async def all_of(
    batcher: Batcher, mortal: Mortal, requests: Sequence[DecodeRequest]
) -> list[DecodeResult | BaseException]:
    """Decode requests that wait together."""
    mortal.began.clear()
    held = asyncio.ensure_future(batcher.transcribe(request("held")))
    await asyncio.to_thread(mortal.began.wait, 5)
    tasks = [asyncio.ensure_future(batcher.transcribe(each)) for each in requests]
    await waiting(batcher, len(requests))
    mortal.go.set()
    await held
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("kind", DecodeKind)
async def test_all_windows_of_a_death_run_once_more_alone_and_the_killer_fails(
    kind: DecodeKind,
) -> None:
    mortal = Mortal(poisonous)
    async with running(Batcher(mortal)) as batcher:
        wanted = [request(name, kind=kind) for name in ("a", "poison", "b")]
        done = await all_of(batcher, mortal, wanted)
        assert mortal.batches == [["held"], ["a", "poison", "b"], ["a"], ["poison"], ["b"]]
        assert isinstance(done[0], DecodeResult)
        assert isinstance(done[2], DecodeResult)
        assert isinstance(done[1], EngineError)
        assert batcher.stats.failures == 1


async def test_an_utterance_that_killed_twice_is_not_run_again_but_its_session_is() -> None:
    mortal = Mortal(lambda rs: any((r.session, r.utterance) == ("poison", 1) for r in rs))
    mortal.go.set()
    async with running(Batcher(mortal)) as batcher:
        with pytest.raises(EngineError):
            await batcher.transcribe(request("poison", 1))
        for kind in DecodeKind:
            with pytest.raises(EngineError, match="twice"):
                await batcher.transcribe(request("poison", 2, kind))
        assert mortal.batches == [["poison"], ["poison"]]
        assert (await batcher.transcribe(request("poison", 3, FINAL, utterance=2))).words


async def test_a_suspect_that_is_decoded_may_share_a_batch_again() -> None:
    deaths = iter([True])
    mortal = Mortal(lambda rs: poisonous(rs) and next(deaths, False))
    async with running(Batcher(mortal)) as batcher:
        done = await all_of(batcher, mortal, [request("a"), request("poison")])
        assert all(isinstance(each, DecodeResult) for each in done)
        assert mortal.batches == [["held"], ["a", "poison"], ["a"], ["poison"]]
        mortal.go.clear()
        await all_of(batcher, mortal, [request("a", 2), request("poison", 2)])
    assert mortal.batches[-1] == ["a", "poison"]


async def test_a_suspect_runs_while_nothing_else_runs() -> None:
    mortal = Mortal(poisonous, workers=3)
    async with running(Batcher(mortal)) as batcher:
        names = [f"s{n}" for n in range(20)]
        others = [asyncio.ensure_future(batcher.transcribe(request(n))) for n in names]
        killer = asyncio.ensure_future(batcher.transcribe(request("poison")))
        mortal.go.set()
        with pytest.raises(EngineError):
            await killer
        await asyncio.gather(*others)
    last = max(n for n, batch in enumerate(mortal.batches) if batch == ["poison"])
    assert mortal.beside[last] == 1


async def test_a_window_that_kills_while_it_is_prepared_is_prepared_once_more() -> None:
    class Fragile(ScriptedTranscriber):
        lives = 0

        def prepare(self, request: DecodeRequest) -> ScriptedWindow:
            if request.session == "poison" or (request.session == "unlucky" and not self.lives):
                self.lives += 1
                raise EngineDied("gone", life=self.lives)
            return super().prepare(request)

    fragile = Fragile(script("hello"))
    async with running(Batcher(fragile)) as batcher:
        assert (await batcher.transcribe(request("unlucky"))).words
        with pytest.raises(EngineError):
            await batcher.transcribe(request("poison"))
        assert fragile.lives == 3


async def test_a_suspect_is_not_in_hand_when_another_one_kills() -> None:
    """Its next window is prepared meanwhile, and would be condemned for a death that is not its."""
    killing, prepared = threading.Event(), threading.Event()

    class Fragile(ScriptedTranscriber):
        def prepare(self, request: DecodeRequest) -> ScriptedWindow:
            if request.session == "neighbour" and killing.is_set() and not prepared.is_set():
                prepared.set()
                raise EngineDied("gone", life=2)
            return super().prepare(request)

    def before(requests: Sequence[DecodeRequest]) -> None:
        if poisonous(requests):
            killing.set()
            prepared.wait(1)
            killing.clear()
            raise EngineDied("gone", life=2)

    batcher = Batcher(Fragile(script("hello"), before))
    batcher._suspects.blame(request("neighbour"), 1)
    batcher._suspects.blame(request("poison"), 1)
    async with running(batcher):
        killer = asyncio.ensure_future(batcher.transcribe(request("poison")))
        while not killing.is_set():  # noqa: ASYNC110 - it is a thread that gets there
            await asyncio.sleep(0.01)
        assert (await batcher.transcribe(request("neighbour"))).words
        with pytest.raises(EngineError):
            await killer


async def test_a_batch_that_does_not_fit_is_run_in_halves_once() -> None:
    engine = Engine(fail=lambda requests: len(requests) > 2)
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        results = [tasks.create_task(batcher.transcribe(request(f"s{i}"))) for i in range(4)]
        await waiting(batcher, 4)
        engine.release.set()
    assert [len(batch) for batch in engine.batches] == [1, 4, 2, 2]
    assert all(task.result().words for task in results)
    assert (batcher.stats.halved, batcher.stats.failures) == (1, 0)


async def test_a_half_that_does_not_fit_fails_as_others_do() -> None:
    engine = Engine(fail=lambda requests: len(requests) > 1)
    async with running(Batcher(engine.transcriber)) as batcher, asyncio.TaskGroup() as tasks:
        await engine.busy(batcher, tasks)
        kinds = [DecodeKind.PARTIAL, DecodeKind.PARTIAL, FINAL, FINAL]
        results = [
            asyncio.ensure_future(batcher.transcribe(request(f"s{i}", kind=kind)))
            for i, kind in enumerate(kinds)
        ]
        await waiting(batcher, 4)
        engine.release.set()
        done = await asyncio.gather(*results, return_exceptions=True)
    assert sum(isinstance(each, EngineError) for each in done[:2]) == 2
    assert all(isinstance(each, DecodeResult) for each in done[2:])


async def test_a_batch_waits_for_an_engine_that_is_being_started_again() -> None:
    class Absent(ScriptedTranscriber):
        trouble = None

        def __init__(self) -> None:
            super().__init__(script("hello"))
            self.restarts: dict[str, int] = {}
            self.back = threading.Event()
            self.asked = threading.Event()

        @property
        def is_up(self) -> bool:
            return self.back.is_set()

        def wait_up(self) -> None:
            self.asked.set()
            self.back.wait(5)

    absent = Absent()
    assert isinstance(absent, Restartable)
    async with running(Batcher(absent)) as batcher:
        wanted = asyncio.ensure_future(batcher.transcribe(request("s")))
        await asyncio.to_thread(absent.asked.wait, 5)
        assert batcher.waiting == 1
        absent.back.set()
        assert (await wanted).words


def test_one_death_counts_once_for_an_utterance_with_two_windows_in_hand() -> None:
    suspects = Suspects(most=2)
    suspects.blame(request("s", 1), 7)
    suspects.blame(request("s", 2, FINAL), 7)
    assert suspects.suspected(request("s"))
    assert not suspects.condemned(request("s"))
    suspects.blame(request("s"), 8)
    assert suspects.condemned(request("s"))
    for name in ("t", "u"):
        suspects.blame(request(name), 9)
    assert not suspects.suspected(request("s"))


async def test_who_gives_up_waiting_to_be_alone_lets_the_others_go_on() -> None:
    turnstile = Turnstile()

    async def be_alone() -> None:
        async with turnstile.alone():
            raise AssertionError("somebody is here")

    async def join() -> None:
        async with turnstile.together():
            pass

    async with turnstile.together():
        wanting = asyncio.ensure_future(be_alone())
        await asyncio.sleep(0)
        joining = asyncio.ensure_future(join())
        await asyncio.sleep(0)
        wanting.cancel()
        async with asyncio.timeout(5):
            await joining


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (RuntimeError("CUDA failed with error out of memory"), Failure.MEMORY),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"), Failure.MEMORY),
        (MemoryError(), Failure.MEMORY),
        (RuntimeError("CUDA failed with error an illegal memory access"), Failure.DEVICE),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED"), Failure.DEVICE),
        (RuntimeError("cuDNN failed with status CUDNN_STATUS_INTERNAL_ERROR"), Failure.DEVICE),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_NOT_SUPPORTED"), Failure.WINDOW),
        (ValueError("no features"), Failure.WINDOW),
    ],
)
def test_a_failure_is_known_by_its_text(error: Exception, failure: Failure) -> None:
    assert failure_of(error) is failure
