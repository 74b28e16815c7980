"""The engine in a process of its own: it dies and hangs on command, and what waits is decoded."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.decode import DecodeKind, DecodeResult
from livecaption.core.file_transcript import FileOptions
from livecaption.core.hypothesis import text_of
from livecaption.engine.base import Restartable, Staged
from livecaption.engine.batcher import Batcher
from livecaption.engine.file_engine import FileRun
from livecaption.engine.stages import Stage
from livecaption.engine.supervised import SupervisedTranscriber
from livecaption.engine.supervisor import Supervisor, Watchdog
from livecaption.errors import EngineDied, EngineError, OperatorError
from tests.engine.faulty import FaultyRecipe, marks
from tests.engine.test_batcher import request, running

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the engine's process needs POSIX")

PATIENT = Watchdog()
QUICK = Watchdog(hang_s=4.0)
"""A hang is noticed soon; what works takes milliseconds here, but on a busy machine more."""


@contextmanager
def supervised(recipe: FaultyRecipe, dog: Watchdog = PATIENT) -> Iterator[SupervisedTranscriber]:
    with SupervisedTranscriber(Supervisor(recipe, lambda _: None, dog)) as engine:
        yield engine


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that has no event of its own."""
    deadline, tick = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        tick.wait(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


def test_it_is_an_engine_like_any_other(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(FaultyRecipe(tmp_path, workers=3), said.append)
    with SupervisedTranscriber(supervisor) as engine:
        assert said == ["Making it."]
        assert isinstance(engine, Staged)
        assert isinstance(engine, Restartable)
        assert (engine.info.name, engine.info.workers) == ("scripted", 3)
        assert (engine.is_up, engine.trouble, engine.restarts) == (True, None, {})
        engine.wait_up()
        assert supervisor.pid not in (None, os.getpid())
        assert supervisor.hang_s() == Watchdog().start_s
        assert engine.warm_up()[500, 1] == 0.01
        shapes = [(0, 1), (500, 1), (800, 1), (1000, 1), (1000, 2), (1000, 8)]
        assert [supervisor.hang_s(*shape) for shape in shapes] == [6, 6, 20, 20, 50, 50]
        assert supervisor.hang_s(3000, 9) == 50
        asked = [request("s"), request("t")]
        windows = [engine.prepare(each) for each in asked]
        assert [window.bucket for window in windows] == [1000, 1000]
        results = engine.transcribe(windows)
        assert [result.request for result in results] == asked
        assert text_of(results[0].words).split()[:2] == ["hello", "world"]
        assert engine.stages.took[Stage.ENCODE].count == 1
        engine.forget("s")
    assert not engine.is_up
    engine.forget("s")
    with pytest.raises(EngineError, match="does not come back"):
        engine.prepare(request("s"))


@pytest.mark.parametrize("command", ["raise-1", "strange-1"])
def test_what_the_engine_raises_comes_through_with_its_traceback(
    tmp_path: Path, command: str
) -> None:
    with supervised(FaultyRecipe(tmp_path)) as engine:
        window = engine.prepare(request(command))
        with pytest.raises((KeyError, RuntimeError)) as caught:
            engine.transcribe([window])
        assert "faulty.py" in "".join(caught.value.__notes__)
        assert engine.transcribe([window])[0].words
        assert engine.restarts == {}


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("kill", "signal"),
        ("segfault", "signal"),
        ("exit", "exit"),
        ("device", "device"),
        ("hang", "hang"),
        ("prepare_kill", "signal"),
        ("prepare_hang", "hang"),
    ],
)
async def test_a_window_that_the_engine_died_under_is_decoded_in_its_next_life(
    tmp_path: Path, fault: str, cause: str
) -> None:
    with supervised(FaultyRecipe(tmp_path), QUICK) as engine:
        async with running(Batcher(engine)) as batcher:
            names = [f"{fault}-1", *(f"s{n}" for n in range(7))]
            async with asyncio.timeout(60):
                done = await asyncio.gather(*(batcher.transcribe(request(n)) for n in names))
        assert all(each.words for each in done)
        until(lambda: engine.is_up)
        assert engine.restarts == {cause: 1}
        assert marks(tmp_path, "briefly") == 1


@pytest.mark.parametrize("kind", DecodeKind)
async def test_a_window_that_kills_twice_fails_and_the_others_do_not(
    tmp_path: Path, kind: DecodeKind
) -> None:
    with supervised(FaultyRecipe(tmp_path, workers=2)) as engine:
        async with running(Batcher(engine)) as batcher, asyncio.timeout(60):
            names = ["kill-9", *(f"s{n}" for n in range(7))]
            wanted = [batcher.transcribe(request(name, kind=kind)) for name in names]
            failed, *done = await asyncio.gather(*wanted, return_exceptions=True)
            assert isinstance(failed, EngineError)
            assert all(isinstance(each, DecodeResult) and each.words for each in done)
            with pytest.raises(EngineError, match="twice"):
                await batcher.transcribe(request("kill-9", 2, DecodeKind.FINAL))
        until(lambda: engine.restarts == {"signal": 2})


async def test_memory_that_is_short_costs_no_life(tmp_path: Path) -> None:
    with supervised(FaultyRecipe(tmp_path)) as engine:
        async with running(Batcher(engine)) as batcher, asyncio.timeout(60):
            final = request("memory-1", kind=DecodeKind.FINAL)
            assert (await batcher.transcribe(final)).words
        assert engine.restarts == {}


async def test_a_stopped_process_hangs(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None, QUICK)
    with SupervisedTranscriber(supervisor) as engine:
        async with running(Batcher(engine)) as batcher, asyncio.timeout(60):
            assert supervisor.pid is not None
            os.kill(supervisor.pid, signal.SIGSTOP)
            assert (await batcher.transcribe(request("s"))).words
        assert engine.restarts == {"hang": 1}


def test_a_process_that_takes_no_messages_hangs(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None, Watchdog(hang_s=2, start_s=3))
    with SupervisedTranscriber(supervisor) as engine:
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGSTOP)
        threads = [
            threading.Thread(target=_prepare_much, args=(engine, n), daemon=True) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        until(lambda: engine.restarts == {"hang": 1})


def _prepare_much(engine: SupervisedTranscriber, number: int) -> None:
    """More than a socket holds."""
    asked = request(f"s{number}")
    object.__setattr__(asked, "audio", np.zeros(480_000, np.int16))
    try:
        engine.prepare(asked)
    except EngineDied:
        return


def test_a_window_prepared_in_one_life_is_decoded_in_the_next(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None)
    with SupervisedTranscriber(supervisor) as engine:
        window = engine.prepare(request("s"))
        pid = supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: supervisor.pid not in (None, pid))
        assert engine.transcribe([window])[0].words


def test_windows_that_nobody_needs_any_more_leave_the_engine(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None)
    with SupervisedTranscriber(supervisor) as engine:
        life = supervisor.current()
        kept = engine.prepare(request("kept"))
        given_up = [engine.prepare(request(f"s{n}")) for n in range(5)]
        del given_up
        gc.collect()
        assert len(life.released) == 5
        engine.forget("s0")
        assert not life.released
        with pytest.raises(KeyError):
            life.call("transcribe", [kept.handle + 1], limit_s=30)  # type: ignore[attr-defined]
        assert engine.transcribe([kept])[0].words


def test_restarts_that_fail_are_tried_again_and_whoever_waits_is_told_in_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dog = Watchdog(patience_s=0.2, pauses=(0.0, 0.5))
    supervisor = Supervisor(FaultyRecipe(tmp_path, refuse=2), lambda _: None, dog)
    with SupervisedTranscriber(supervisor) as engine:
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        until(lambda: engine.trouble is not None)
        assert "no device" in (engine.trouble or "")
        assert "next try in 0 s: no device" in caplog.text
        with pytest.raises(EngineError, match="does not come back"):
            supervisor.current()
        until(lambda: engine.is_up)
        assert engine.trouble is None
        assert engine.restarts == {"signal": 1, "start": 2}


def test_an_engine_that_cannot_be_made_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no such model"):
        Supervisor(FaultyRecipe(tmp_path, broken="say"), lambda _: None)
    with pytest.raises(OperatorError, match="SIGKILL"):
        Supervisor(FaultyRecipe(tmp_path, broken="die"), lambda _: None)


def test_an_engine_that_dies_while_it_is_closed_is_not_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None)
    pid = supervisor.pid
    assert pid is not None
    supervisor.close()
    until(lambda: not is_alive(pid))
    assert supervisor.restarts == {}


STARTER = """
import sys, threading
from pathlib import Path
from livecaption.engine.supervisor import Supervisor
from tests.engine.faulty import FaultyRecipe
supervisor = Supervisor(FaultyRecipe(Path(sys.argv[1])), print)
print(supervisor.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize("stopped", [False, True])
def test_the_engine_ends_with_a_server_that_is_killed(tmp_path: Path, stopped: bool) -> None:
    if stopped and sys.platform != "linux":
        pytest.skip("only Linux ends a process that cannot notice")
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "Making it.\n"
        pid = int(server.stdout.readline())
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        server.kill()
        until(lambda: not is_alive(pid))


def test_ctrl_c_and_sigterm_do_not_end_the_engine(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None)
    with SupervisedTranscriber(supervisor) as engine:
        assert supervisor.pid is not None
        assert os.getsid(supervisor.pid) == supervisor.pid
        for sig in (signal.SIGINT, signal.SIGTERM):
            os.kill(supervisor.pid, sig)
        assert engine.transcribe([engine.prepare(request("s"))])[0].words
        assert engine.restarts == {}


# -- whole files --------------------------------------------------------------------------------


class Silence:
    """A recording of 70 s: three windows."""

    def __len__(self) -> int:
        return 70 * SAMPLE_RATE

    def read(self, start: int, stop: int) -> Samples:
        return np.zeros(stop - start, np.int16)


def texts(run: FileRun) -> list[str]:
    found = []
    while (window := run.next_window()) is not None:
        found += [segment.text for segment in window]
    return found


@pytest.mark.parametrize(
    ("prompt", "restarts"),
    [
        ("", {}),
        ("kill-1", {"signal": 1}),
        ("kill-2", {"signal": 2}),
        ("wrapped-1", {"device": 1}),
        ("hang-1", {"hang": 1}),
    ],
)
def test_a_file_goes_on_with_the_window_that_the_engine_died_under(
    tmp_path: Path, prompt: str, restarts: dict[str, int]
) -> None:
    dog = Watchdog(hang_s=1.0)
    with supervised(FaultyRecipe(tmp_path), dog) as engine:
        assert engine.files is not None
        run = engine.files.open(Silence(), FileOptions(prompt=prompt))
        assert run.start().duration == 70
        if prompt == "kill-2":
            with pytest.raises(EngineError, match="twice"):
                texts(run)
        else:
            assert len(texts(run)) == 3
            assert run.done == 70
        until(lambda: engine.restarts == restarts)


def test_a_step_that_nobody_wants_any_more_ends_the_call_and_not_the_engine(
    tmp_path: Path,
) -> None:
    class Impatient(Exception):
        pass

    def refuse(_: object) -> object:
        raise Impatient

    with supervised(FaultyRecipe(tmp_path)) as engine:
        assert engine.files is not None
        run = engine.files.open(Silence(), FileOptions(), refuse)  # type: ignore[arg-type]
        with pytest.raises(Impatient):
            run.next_window()
        del run
        assert engine.transcribe([engine.prepare(request("s"))])[0].words
        assert texts(engine.files.open(Silence(), FileOptions()))


def test_a_file_that_waits_for_its_turn_is_blameless(tmp_path: Path) -> None:
    supervisor = Supervisor(FaultyRecipe(tmp_path), lambda _: None)

    def kill_first(step: Callable[[], None]) -> None:
        if supervisor.restarts.get("signal", 0) < 3:
            life = supervisor.current()
            os.kill(life.pid, signal.SIGKILL)
            until(lambda: life.ended)
        step()

    with SupervisedTranscriber(supervisor) as engine:
        assert engine.files is not None
        run = engine.files.open(Silence(), FileOptions(), kill_first)  # type: ignore[arg-type]
        assert len(texts(run)) == 3
        assert engine.restarts == {"signal": 3}
