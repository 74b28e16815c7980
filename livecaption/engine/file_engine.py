"""What an engine offers that can transcribe whole files, step by step.

A file is one client of the model among many. So whoever drives it passes in how a step is run:
every call of the model goes through ``run``, one at a time, and live work may come in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from livecaption.core.audio import Samples
from livecaption.core.file_transcript import FileInfo, FileOptions, FileSegment

__all__ = ["FileEngine", "FileRun", "Recording", "RunStep", "at_once"]

T = TypeVar("T")


class Recording(Protocol):
    """Audio of known length that need not be in memory: int16, 16 kHz, mono."""

    def __len__(self) -> int:
        """Samples in all."""

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop), shape (stop - start,); both lie within the length."""


class RunStep(Protocol):
    """Runs one call of the model where and when that is allowed, and returns its result."""

    def __call__(self, step: Callable[[], T], /) -> T:
        """Block until it is done; what it raises comes through."""


def at_once(step: Callable[[], T], /) -> T:
    """Run a step in the calling thread: nobody else uses the model."""
    return step()


class FileRun(Protocol):
    """One file under way; belongs to one thread at a time, and blocks it."""

    @property
    def done(self) -> float:
        """Seconds of the file that have been transcribed; its duration at the end."""

    def start(self) -> FileInfo:
        """Detect the language, unless it was named; further calls return the same.

        Raises:
            EngineError: the model failed.
        """

    def next_window(self) -> tuple[FileSegment, ...] | None:
        """Transcribe the next window of at most 30 s; None at the end.

        Raises:
            EngineError: the model failed.
        """

    def save(self) -> object:
        """Return what another run needs to go on from here: small, and it can be pickled."""


class FileEngine(Protocol):
    """Opens recordings for transcription; holds no state of any of them."""

    def open(
        self,
        recording: Recording,
        options: FileOptions,
        run: RunStep = at_once,
        saved: object = None,
    ) -> FileRun:
        """Begin a file, or go on with one; runs no model.

        Args:
            recording: its audio.
            options: how to transcribe it.
            run: runs each call of the model.
            saved: of an earlier run of the same recording and options, in any process.
        """
