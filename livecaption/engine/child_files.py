"""Whole files in the engine's process: audio is read, and steps are allowed, by the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from livecaption.core.audio import Samples
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.file_engine import FileEngine, FileRun
from livecaption.errors import EngineError

__all__ = ["Asking", "ChildFiles", "GivenUp"]

T = TypeVar("T")


class GivenUp(Exception):
    """The server does not want this call's result any more."""


class Asking(Protocol):
    """Asks the server something in the course of a call."""

    def __call__(self, question: str, /, *arguments: Any) -> Any:
        """Return the answer.

        Raises:
            GivenUp: there is none.
        """


class InTurn(Protocol):
    """Runs a step in a thread of the engine."""

    def __call__(self, step: Callable[[], T], /) -> T:
        """Return what it returns."""


@dataclass(slots=True)
class _Line:
    """The way to the server during a call; a file outlives its calls."""

    length: int
    in_turn: InTurn
    ask: Asking

    def __len__(self) -> int:
        return self.length

    def read(self, start: int, stop: int) -> Samples:
        """See ``Recording``."""
        samples: Samples = self.ask("read", start, stop)
        return samples

    def run(self, step: Callable[[], T], /) -> T:
        """See ``RunStep``."""
        self.ask("step")
        try:
            return self.in_turn(step)
        finally:
            self.ask("stepped")


class ChildFiles:
    """Files under way, by their handles; the server bounds how many there are.

    Args:
        in_turn: runs a step in a thread of the engine.
    """

    def __init__(self, in_turn: InTurn) -> None:
        self.engine: FileEngine | None = None
        self._in_turn = in_turn
        self._runs: dict[int, tuple[_Line, FileRun]] = {}

    def go_on(
        self,
        handle: int,
        method: str,
        opening: tuple[int, FileOptions, object] | None,
        ask: Asking,
    ) -> tuple[Any, float, object]:
        """Call a method of a file; return its result, how far the file is, and its state.

        Args:
            handle: of the file.
            method: ``start`` or ``next_window``.
            opening: length in samples, options and state of a file that is new here.
            ask: asks the server.
        """
        if opening is not None:
            self._runs[handle] = self._open(opening, ask)
        line, run = self._runs[handle]
        line.ask = ask
        result = run.start() if method == "start" else run.next_window()
        return result, run.done, run.save()

    def close(self, handle: int) -> None:
        """Forget a file, if there is one of this handle."""
        self._runs.pop(handle, None)

    def _open(self, opening: tuple[int, FileOptions, object], ask: Asking) -> tuple[_Line, FileRun]:
        if self.engine is None:
            raise EngineError("This engine transcribes no files.")
        length, options, saved = opening
        line = _Line(length, self._in_turn, ask)
        return line, self.engine.open(line, options, line.run, saved)
