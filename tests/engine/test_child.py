"""What the engine's process says, asked in a thread of this one, word by word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livecaption.core.file_transcript import FileOptions
from livecaption.engine.child import EngineServer
from livecaption.engine.wire import Answer, Ask, Call, Done, Failed, Wire, portable
from livecaption.errors import EngineError, QuotaUsed
from tests.engine.faulty import FaultyRecipe
from tests.engine.test_batcher import request

SECONDS = 16_000


class Asker:
    """The server's end."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.calls = 0

    def call(self, method: str, *arguments: Any, released: tuple[int, ...] = ()) -> Any:
        self.calls += 1
        self.wire.send(Call(self.calls, method, arguments, released))
        return self.wire.receive()

    def answer(self, value: Any = None, *, refused: bool = False) -> Any:
        self.wire.send(Answer(self.calls, value, refused))
        return self.wire.receive()


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    here, there = socket.socketpair()
    served, wire = Wire(there), Wire(here)
    server = EngineServer(served)
    serving = threading.Thread(target=server.serve)
    serving.start()
    asker = Asker(wire)
    assert asker.call("load", FaultyRecipe(tmp_path)) == Ask(1, "report", ("Making it.",))
    assert asker.answer().value[1] is True
    yield asker
    wire.close()
    serving.join(30)
    assert not serving.is_alive()
    server.close()
    wire.release()
    served.release()


def test_a_window_is_kept_until_it_is_released(asker: Asker) -> None:
    key, bucket = asker.call("prepare", 7, request("s")).value
    assert (key.beam_size, bucket) == (1, 1000)
    (result,), took = asker.call("transcribe", [7]).value
    assert result.words
    assert len(result.request.audio) == 0, "the server has the request"
    assert took
    (again,), _ = asker.call("transcribe", [request("s")]).value
    assert again.words == result.words
    gone = asker.call("transcribe", [7], released=(7,))
    assert isinstance(gone, Failed)
    assert isinstance(gone.error, KeyError)
    assert asker.call("forget", "s") == Done(asker.calls, None)
    assert (500, 1) in asker.call("warm_up", True).value


def test_an_answer_that_comes_too_late_is_nobodys(asker: Asker) -> None:
    asker.wire.send(Answer(99))
    assert isinstance(asker.call("warm_up", False), Done)


def test_a_file_asks_for_its_turn_and_says_when_it_is_over(asker: Asker) -> None:
    opening = (40 * SECONDS, FileOptions(), None)
    assert asker.call("file", 3, "start", opening).value[0].duration == 40
    assert asker.call("file", 3, "next_window", None).question == "step"
    assert asker.answer().question == "stepped"
    (segment,), done, saved = asker.answer().value
    assert (segment.text.split()[0], done, saved) == ("hello", 30, 30 * SECONDS)
    assert asker.call("file", 3, "next_window", None).question == "step"
    given_up = asker.answer(refused=True)
    assert isinstance(given_up, Failed)
    resumed = (40 * SECONDS, FileOptions(), saved)
    assert asker.call("file", 4, "next_window", resumed, released=(3,)).question == "step"
    asker.answer()
    assert asker.answer().value[1] == 40
    assert isinstance(asker.call("file", 3, "next_window", None), Failed)


def test_a_lost_device_is_told_whatever_it_is_wrapped_in(asker: Asker) -> None:
    opening = (40 * SECONDS, FileOptions(prompt="wrapped-1"), None)
    assert asker.call("file", 3, "next_window", opening).question == "step"
    assert asker.answer().question == "stepped"
    failed = asker.answer()
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, RuntimeError)
    assert "illegal memory access" in str(failed.error)


class _Unsendable(EngineError):
    def __reduce__(self) -> Any:
        raise TypeError("never")


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (ValueError("x"), ValueError),
        (EngineError("x"), EngineError),
        (QuotaUsed("x", retry_after=1.0), RuntimeError),
        (_Unsendable("x"), RuntimeError),
        (np.exceptions.AxisError("x"), RuntimeError),
    ],
)
def test_an_error_crosses_as_what_the_other_side_knows(
    error: Exception, sent: type[Exception]
) -> None:
    crossed = portable(error)
    assert type(crossed) is sent
    assert "x" in str(crossed)


def test_a_stream_out_of_step_is_the_end() -> None:
    here, there = socket.socketpair()
    with there:
        there.sendall(b"\xff" * 16)
        wire = Wire(here)
        with pytest.raises(EOFError):
            wire.receive()
        wire.close()
        with pytest.raises(EOFError):
            wire.receive()
        wire.release()
