"""The process that holds the model: ``python -m livecaption.engine.child DESCRIPTOR PARENT``.

It makes the engine it is told to make and does what it is asked, each call in the thread that is
there for its kind: one for preparing, one for each device, one for each file under way. It ends
with the server, however that ends: at the end of the socket, and by the kernel where that has a
signal for it, because a thread that hangs in native code would not let us notice.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import queue
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.base import ModelInfo, Prepared, Shapes, Staged, Transcriber
from livecaption.engine.child_files import ChildFiles, GivenUp
from livecaption.engine.failures import Failure, failure_of
from livecaption.engine.recipe import Recipe
from livecaption.engine.wire import Answer, Ask, Call, Done, Failed, Wire, portable

__all__ = ["EngineServer", "main"]

_MOST_FILES = 256
"""Threads for files; the server has its own, lower bound."""
_NICENESS = 10
_OOM_SHARE = 300
"""Of 1,000: when memory is short the kernel ends the engine, and not the server."""
_PR_SET_PDEATHSIG = 1

_NO_REQUEST = DecodeRequest("", 0, 0, DecodeKind.PARTIAL, 0, np.empty(0, dtype=np.int16))
"""Stands in a result for the request, which the server has and needs not get back."""


def main() -> None:
    """Serve until the server is gone."""
    descriptor, parent = map(int, sys.argv[1:3])
    _settle_in(parent)
    EngineServer(Wire(socket.socket(fileno=descriptor))).serve()
    os._exit(0)  # threads may hang in native code: nothing waits for them


class EngineServer:
    """Does what is asked for over a socket.

    Args:
        wire: the engine's end of it.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._engine: Transcriber | None = None
        self._windows: dict[int, Prepared] = {}
        self._answers: dict[int, queue.SimpleQueue[Answer]] = {}
        self._preparing = ThreadPoolExecutor(1, "prepare")
        self._decoding = self._preparing  # until it is known how many there are
        self._reading = ThreadPoolExecutor(_MOST_FILES, "file", _be_nice)
        self._files = ChildFiles(lambda step: self._decoding.submit(step).result())
        self._methods: dict[str, tuple[Callable[[], ThreadPoolExecutor], Callable[..., Any]]] = {
            "load": (lambda: self._preparing, self._load),
            "prepare": (lambda: self._preparing, self._prepare),
            "forget": (lambda: self._preparing, self._forget),
            "transcribe": (lambda: self._decoding, self._transcribe),
            "warm_up": (lambda: self._decoding, self._warm_up),
            "file": (lambda: self._reading, self._file),
        }

    def serve(self) -> None:
        """Return when the server is gone."""
        with suppress(EOFError):
            while True:
                message = self._wire.receive()
                if isinstance(message, Answer):
                    self._answer(message)
                else:
                    self._take(message)

    def close(self) -> None:
        """Let the threads end; for those who go on living after ``serve``."""
        for pool in (self._preparing, self._decoding, self._reading):
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, answer: Answer) -> None:
        asked = self._answers.get(answer.number)
        if asked is not None:  # else the call has ended meanwhile
            asked.put(answer)

    def _take(self, call: Call) -> None:
        for handle in call.released:
            self._windows.pop(handle, None)
            self._files.close(handle)
        pool, method = self._methods[call.method]
        pool().submit(self._do, method, call)

    def _do(self, method: Callable[..., Any], call: Call) -> None:
        self._answers[call.number] = queue.SimpleQueue()
        try:
            outcome: Done | Failed = Done(call.number, method(call.number, *call.arguments))
        except Exception as error:  # noqa: BLE001 - it is the server's to judge
            outcome = Failed(call.number, portable(_root_of(error)))
        del self._answers[call.number]
        with suppress(OSError):
            self._wire.send(outcome)

    def _ask(self, number: int, question: str, *arguments: Any) -> Any:
        self._wire.send(Ask(number, question, arguments))
        answer = self._answers[number].get()
        if answer.refused:
            raise GivenUp
        return answer.value

    # -- methods ----------------------------------------------------------------------------

    def _load(self, number: int, recipe: Recipe) -> tuple[ModelInfo, bool]:
        """Make the engine; say what it is, and whether it transcribes files."""
        engine = recipe(lambda sentence: self._ask(number, "report", sentence))
        self._decoding = ThreadPoolExecutor(engine.info.workers, "decode")
        self._files.engine = engine.files
        self._engine = engine
        return engine.info, engine.files is not None

    def _prepare(self, _: int, handle: int, request: DecodeRequest) -> tuple[Any, int]:
        """Prepare a window and keep it under a handle; return its key and bucket."""
        prepared = self._loaded.prepare(request)
        self._windows[handle] = prepared
        return prepared.key, prepared.bucket

    def _forget(self, _: int, session: str) -> None:
        self._loaded.forget(session)

    def _transcribe(
        self, _: int, rows: Sequence[int | DecodeRequest]
    ) -> tuple[list[DecodeResult], Any]:
        """Decode windows, by their handles or, if an earlier life had prepared them, anew."""
        engine = self._loaded
        prepared = [self._window(row) for row in rows]
        results = [replace(r, request=_NO_REQUEST) for r in engine.transcribe(prepared)]
        return results, engine.stages.take() if isinstance(engine, Staged) else {}

    def _window(self, row: int | DecodeRequest) -> Prepared:
        if isinstance(row, int):
            return self._windows[row]
        return self._preparing.submit(self._loaded.prepare, row).result()

    def _warm_up(self, _: int, briefly: bool) -> Shapes:  # noqa: FBT001 - a message has no names
        return self._loaded.warm_up(briefly=briefly)

    def _file(
        self, number: int, handle: int, method: str, opening: tuple[int, FileOptions, object] | None
    ) -> Any:
        def ask(question: str, *arguments: Any) -> Any:
            return self._ask(number, question, *arguments)

        return self._files.go_on(handle, method, opening, ask)

    @property
    def _loaded(self) -> Transcriber:
        assert self._engine is not None
        return self._engine


def _root_of(error: Exception) -> Exception:
    """Return the loss of a device that an error speaks of, else the error itself."""
    root = error.__cause__
    if isinstance(root, Exception) and failure_of(root) is Failure.DEVICE:
        return root
    return error


def _settle_in(parent: int) -> None:
    """Become a process that ends with the server, and before it where memory is short."""
    for ignored in (signal.SIGINT, signal.SIGTERM):  # what was said is captioned on the way down
        signal.signal(ignored, signal.SIG_IGN)
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # audio must not lie about in core files
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)
    with suppress(OSError, ValueError), open("/proc/self/oom_score_adj", "r+") as score:
        share = min(1000, int(score.read()) + _OOM_SHARE)
        score.seek(0)
        score.write(str(share))


def _be_nice() -> None:
    """Let the threads of live work go first where cores are few."""
    if sys.platform == "linux":  # elsewhere it is about processes, not threads
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


if __name__ == "__main__":
    main()
