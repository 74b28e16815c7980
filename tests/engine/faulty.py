"""An engine for its own process that fails on command: a session's name, or a word of its
vocabulary, says how, and how often.

``kill-2`` ends the process the first two times that it is decoded, ``prepare_hang-1`` hangs the
first time that it is prepared. Marks in a folder count, because nothing else outlives a process.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.file_transcript import FileOptions
from livecaption.core.hypothesis import Word
from livecaption.engine.base import ModelInfo, Prepared, Shapes
from livecaption.engine.scripted import ScriptedTranscriber, ScriptedWindow, script
from livecaption.engine.scripted_files import ScriptedFiles
from livecaption.engine.stages import Stage, StageClock
from livecaption.errors import EngineError, OperatorError

__all__ = ["FaultyEngine", "FaultyRecipe"]

WORDS = script("hello world and all who live in it " * 30)


@dataclass(frozen=True)
class FaultyRecipe:
    """Makes it.

    Args:
        folder: for marks.
        workers: of the engine.
        refuse: this many starts fail, after the first one.
        broken: the first start fails: "say" or "die".
    """

    folder: Path
    workers: int = 1
    refuse: int = 0
    broken: str = ""
    first: bool = True

    def __call__(self, report: Callable[[str], None]) -> FaultyEngine:
        report("Making it.")
        if self.broken == "say":
            raise OperatorError("There is no such model.")
        if self.broken == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if not self.first and is_due(self.folder, f"start-{self.refuse}"):
            raise OSError("no device")
        return FaultyEngine(self.folder, self.workers)

    def again(self, info: ModelInfo) -> FaultyRecipe:
        assert info.name == "scripted"
        return replace(self, first=False)


class FaultyEngine(ScriptedTranscriber):
    """See the module."""

    def __init__(self, folder: Path, workers: int, words: Sequence[Word] = WORDS) -> None:
        super().__init__(words, self._fail)
        self.files = ScriptedFiles(WORDS, self._fail_at_file)
        self.info = replace(self.info, workers=workers)
        self.stages = StageClock()
        self.kept: set[int] = set()
        self._folder = folder

    def prepare(self, request: DecodeRequest) -> ScriptedWindow:
        if request.session.startswith("prepare_"):
            self._obey(request.session.removeprefix("prepare_"))
        return super().prepare(request)

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        with self.stages.timing(Stage.ENCODE):
            return super().transcribe(batch)

    def warm_up(self, *, briefly: bool = False) -> Shapes:
        is_due(self._folder, "briefly-0" if briefly else "warm-0")
        return {(500, 1): 0.01, (1000, 1): 2.0, (1000, 8): 5.0}

    def _fail(self, requests: Sequence[DecodeRequest]) -> None:
        for request in requests:
            for command in (request.session, *request.vocabulary):
                self._obey(command)

    def _fail_at_file(self, options: FileOptions) -> None:
        self._obey(options.prompt or "")

    def _obey(self, command: str) -> None:
        fault = getattr(self, f"_{command.partition('-')[0]}", None)
        if fault is not None and is_due(self._folder, command):
            fault()

    def _kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _segfault(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    def _exit(self) -> None:
        os._exit(7)

    def _hang(self) -> None:
        threading.Event().wait()

    def _memory(self) -> None:
        raise RuntimeError("CUDA failed with error out of memory")

    def _device(self) -> None:
        raise RuntimeError("CUDA failed with error an illegal memory access was encountered")

    def _raise(self) -> None:
        raise KeyError("something else")

    def _strange(self) -> None:
        raise _Strange("of a class that nobody else has")

    def _wrapped(self) -> None:
        try:
            self._device()
        except RuntimeError as error:
            raise EngineError("The model failed 0 s into the file.") from error


class _Strange(Exception):
    pass


def is_due(folder: Path, command: str) -> bool:
    """Leave a mark, and say whether the command is still to be obeyed."""
    name, _, times = command.partition("-")
    before = marks(folder, name)
    (folder / f"{name}.{before}").touch()
    return before < int(times or 0)


def marks(folder: Path, name: str) -> int:
    """How often something was commanded so far."""
    return len(list(folder.glob(f"{name}.*")))
