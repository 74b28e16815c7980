"""Transcribes files with the model that live sessions use, and never at their cost.

::

    transcribe(file) ─▶ decode (child process) ─▶ samples in a file without a name
                                                        │ 30 s at a time
          thread of its own: find speech, features ◀────┘
                │ each call of the model: its turn, the pace, Batcher.run_job
                ▼
          segments ─▶ on_progress

Live batches go first: a step starts only when none waits (``Batcher``), and rests make sure that
few meet one (``FilePace``).

Bounds: ``max_files`` files for which somebody waits; more is ``Overloaded``. Of the files for which
nobody does (jobs) one is decoded and transcribed at a time; the others wait undecoded.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from livecaption.core.file_pace import FilePace, LiveLoad
from livecaption.core.file_transcript import (
    FileOptions,
    FileProgress,
    FileSegment,
    FileTranscript,
)
from livecaption.engine.batcher import Batcher
from livecaption.engine.file_engine import FileEngine, FileRun
from livecaption.errors import EngineError, Overloaded
from livecaption.files.turns import Place, Turns
from livecaption.media.recording import PcmFile, no_space

__all__ = ["Decode", "FileLimits", "FileWork", "OnProgress"]

logger = logging.getLogger(__name__)

OnProgress = Callable[[FileProgress], None]
"""Called on the event loop after the language is known and after each window."""

T = TypeVar("T")

_NICENESS = 10


class Decode(Protocol):
    """Decodes a file that nobody vouches for."""

    async def __call__(self, file: BinaryIO, recording: PcmFile, longest_s: float) -> None:
        """Write the samples of ``file`` to ``recording``.

        Raises:
            NotMedia: it is not audio or video, or of a kind that is not read.
            DamagedMedia: it is broken, or holds no sound.
            MediaTooLong: it lasts longer than ``longest_s``.
            Overloaded: there is no time for it.
        """


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What is taken on."""

    max_files: int = 8
    """Files for which somebody waits."""
    longest_s: float = 4 * 3600.0
    """Of one file."""
    folder: Path | None = None
    """Where decoded audio takes its space; None for ``spool_folder()``."""


class FileWork:
    """One for each process.

    Args:
        batcher: whose engine is used; its transcriber may have no ``files``.
        decode: decodes files.
        limits: what is taken on.
        pace: how much of the engine a file may take while people speak.
    """

    def __init__(
        self,
        batcher: Batcher,
        decode: Decode,
        limits: FileLimits | None = None,
        pace: FilePace | None = None,
    ) -> None:
        self._batcher = batcher
        self._decode = decode
        self._limits = limits or FileLimits()
        self._pace = pace or FilePace()
        at_once = batcher.transcriber.info.workers
        self._turns = Turns(at_once)
        self._background = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(
            self._limits.max_files + at_once, "livecaption-file", _be_nice
        )
        self._waited_for = 0
        self._stopped = False
        self.busy_s = 0.0
        """Time that the engine spent on files."""
        self._last_step_s, self._last_ended = 0.0, 0.0
        self._deadlines: set[asyncio.Timeout] = set()

    @property
    def engine(self) -> FileEngine:
        """What transcribes files.

        Raises:
            EngineError: this engine cannot.
        """
        files = self._batcher.transcriber.files
        if files is None:
            raise EngineError("This engine transcribes no files.")
        return files

    @property
    def waited_for(self) -> int:
        """Files for which somebody waits."""
        return self._waited_for

    def check_room(self) -> None:
        """Refuse a file before it is sent, if there is no place for it.

        Raises:
            Overloaded: too many files wait already, the disk is full, or the server stops.
        """
        if self._stopped:
            raise _going_away()
        if self._waited_for >= self._limits.max_files:
            raise Overloaded(
                "Too many files are being transcribed; send this one again later.",
                retry_after=15.0,
                code="full",
            )

    async def transcribe(
        self,
        file: BinaryIO,
        options: FileOptions,
        on_progress: OnProgress | None = None,
        *,
        background: bool = False,
        longest_s: float | None = None,
    ) -> FileTranscript:
        """Transcribe a file; cancel the task to end it early.

        Args:
            file: a regular file, open for reading; it is left open, at an unknown position.
            options: how to transcribe it.
            on_progress: called on the event loop as the work goes on; must return at once.
            background: nobody waits for it: files for which somebody does go before it.
            longest_s: seconds; less than the limit's.

        Raises:
            Overloaded: too many files wait already, or the server stops.
            NotMedia: it is not audio or video, or of a kind that is not read.
            DamagedMedia: it is broken, or holds no sound.
            MediaTooLong: it lasts longer than ``longest_s``; said before any of it is transcribed.
            EngineError: the model failed.
        """
        longest_s = min(longest_s or self._limits.longest_s, self._limits.longest_s)
        async with self._until_stopped(), self._background if background else self._admitted():
            place = self._turns.arrive(background=background)
            with self._new_recording() as recording:
                await self._decode(file, recording, longest_s)
                return await self._follow(recording, options, on_progress or _ignored, place)

    def stop(self) -> None:
        """Break off all files and refuse more: each is ``Overloaded``, and worth sending again."""
        self._stopped = True
        for deadline in self._deadlines:
            deadline.reschedule(0.0)

    def close(self) -> None:
        """Free the threads, after ``stop``."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _new_recording(self) -> PcmFile:
        try:
            return PcmFile(self._limits.folder)
        except OSError as error:
            logger.error("no file can be made for decoded audio: %s", error.strerror)
            raise no_space() from None

    @asynccontextmanager
    async def _until_stopped(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(0.0 if self._stopped else None) as deadline:
                self._deadlines.add(deadline)
                try:
                    yield
                finally:
                    self._deadlines.discard(deadline)
        except TimeoutError:
            raise _going_away() from None

    async def _follow(
        self, recording: PcmFile, options: FileOptions, on_progress: OnProgress, place: Place
    ) -> FileTranscript:
        under_way = _UnderWay(self, place)
        try:
            run = self.engine.open(recording, options, under_way.run_step)
            return await under_way.follow(run, on_progress)
        finally:
            await under_way.end()

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        self.check_room()
        self._waited_for += 1
        try:
            yield
        finally:
            self._waited_for -= 1

    # -- for a file under way ---------------------------------------------------------------

    async def step(self, place: Place, step: Callable[[], T]) -> T:
        """Run one call of the model, when it is this file's turn and live work allows it."""
        async with self._turns.turn(place):
            await self._rest()
            took = 0.0

            def timed() -> T:
                nonlocal took
                began = time.monotonic()
                try:
                    return step()
                finally:
                    took = time.monotonic() - began

            try:
                return await self._batcher.run_job(timed)
            finally:
                self.busy_s += took
                self._last_step_s, self._last_ended = took, time.monotonic()

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run a piece of work on a file in one of its threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _rest(self) -> None:
        while True:
            rested = time.monotonic() - self._last_ended
            left = self._pace.rest(self._last_step_s, rested, self._live_load())
            if left <= 0:
                return
            await asyncio.sleep(min(left, self._pace.look_again_s))

    def _live_load(self) -> LiveLoad:
        return LiveLoad(self._batcher.quiet_s, self._batcher.stats.turnaround_s)


@dataclass(slots=True, eq=False)
class _UnderWay:
    """One file: its thread, and the way from there to the event loop and back."""

    work: FileWork
    place: Place
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    ended: bool = False
    in_thread: asyncio.Future[Any] | None = None
    running: Future[Any] | None = None

    def run_step(self, step: Callable[[], T], /) -> T:
        """See ``RunStep``; called in the file's thread."""
        running = asyncio.run_coroutine_threadsafe(self.work.step(self.place, step), self.loop)
        self.running = running
        if self.ended:  # looked at after ``running`` is known to ``end``, so that one of us sees it
            running.cancel()
        return running.result()

    async def follow(self, run: FileRun, on_progress: OnProgress) -> FileTranscript:
        """Go through the file to its end."""
        info = await self._call(run.start)
        on_progress(FileProgress(info, 0.0))
        found: list[FileSegment] = []
        while (window := await self._call(run.next_window)) is not None:
            found += window
            on_progress(FileProgress(info, run.done, window))
        return FileTranscript(info, tuple(found))

    async def end(self) -> None:
        """Wait until the thread has let go of the recording."""
        self.ended = True
        if self.running is not None:
            self.running.cancel()
        if self.in_thread is not None and not self.in_thread.done():
            with suppress(Exception):
                await asyncio.shield(self.in_thread)

    async def _call(self, call: Callable[[], T]) -> T:
        running = asyncio.ensure_future(self.work.in_thread(call))
        self.in_thread = running
        return await asyncio.shield(running)


def _be_nice() -> None:
    """Let the threads of live work go first where cores are few."""
    if sys.platform == "linux":  # elsewhere it is about processes, not threads
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _going_away() -> Overloaded:
    return Overloaded(
        "The server is restarting; send this file again.", retry_after=10.0, code="going_away"
    )


def _ignored(progress: FileProgress) -> None:
    """Take no notice."""
