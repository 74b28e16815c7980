"""Whole files whose model is in another process.

::

    next_window ─▶ Call ─────────────▶ engine
        "may I?" ◀─── Ask step ───────  before each call of the model
    run(step): "go" ─ Answer ─▶ … ◀─ Ask stepped    in a lane, when nothing live waits
        samples ◀──── Ask read
        window ◀───── Done, with the state of the file

The state is kept here. When the engine dies the file goes on from it in the next life, with the
window that was under way; a window that dies twice fails the file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from livecaption.core.file_transcript import FileInfo, FileOptions, FileSegment
from livecaption.engine.buckets import BUCKETS
from livecaption.engine.file_engine import Recording, RunStep, at_once
from livecaption.engine.process import EngineProcess, NotSent, Talk
from livecaption.engine.supervisor import Supervisor
from livecaption.engine.wire import Ask
from livecaption.errors import EngineDied, EngineError

__all__ = ["RemoteFiles"]

_MOST_DEATHS = 2
_TIMES_LIVE = 3
"""A step may decode twice as many tokens as a live window, with a beam."""
_SILENCE_S = 120.0
"""Between two words of the engine about a file: it looks for speech in minutes of audio then, at
the lowest priority."""


class RemoteFiles:
    """A ``FileEngine``.

    Args:
        supervisor: keeps the engine alive.
        handles: names for files.
    """

    def __init__(self, supervisor: Supervisor, handles: Iterator[int]) -> None:
        self._supervisor = supervisor
        self._handles = handles

    def open(
        self,
        recording: Recording,
        options: FileOptions,
        run: RunStep = at_once,
        saved: object = None,
    ) -> _RemoteRun:
        """See ``FileEngine.open``."""
        return _RemoteRun(self._supervisor, next(self._handles), (recording, options, saved), run)


class _RemoteRun:
    """A ``FileRun``."""

    def __init__(
        self,
        supervisor: Supervisor,
        handle: int,
        file: tuple[Recording, FileOptions, object],
        run: RunStep,
    ) -> None:
        self._supervisor = supervisor
        self._handle = handle
        self._recording, self._options, self._saved = file
        self._run = run
        self._life: EngineProcess | None = None
        """Which life knows the file."""
        self._done = 0.0

    def __del__(self) -> None:
        if self._life is not None:
            self._life.released.append(self._handle)

    @property
    def done(self) -> float:
        """See ``FileRun.done``."""
        return self._done

    def start(self) -> FileInfo:
        """See ``FileRun.start``."""
        info: FileInfo = self._go_on("start")
        return info

    def next_window(self) -> tuple[FileSegment, ...] | None:
        """See ``FileRun.next_window``."""
        window: tuple[FileSegment, ...] | None = self._go_on("next_window")
        return window

    def save(self) -> object:
        """See ``FileRun.save``."""
        return self._saved

    def _go_on(self, method: str) -> Any:
        deaths: set[int] = set()
        while True:
            call = _FileCall(self._recording, self._run, self._supervisor)
            try:
                return self._in_life(method, call)
            except NotSent:
                continue
            except EngineDied as error:
                if not call.is_waiting:  # else it did nothing
                    deaths.add(error.life)
                if len(deaths) == _MOST_DEATHS:
                    raise EngineError(
                        f"The model failed twice on this file, {self._done:.1f} s into it. Send it "
                        "once more; if that fails, too, tell whoever runs the server: its log says "
                        "what happened."
                    ) from error

    def _in_life(self, method: str, call: _FileCall) -> Any:
        life = self._supervisor.current()
        known = self._life is life
        opening = None if known else (len(self._recording), self._options, self._saved)
        self._life = life
        result, self._done, self._saved = life.call(
            "file", self._handle, method, opening, limit_s=_SILENCE_S, answer=call.answer
        )
        return result


class _FileCall:
    """What the engine asks in the course of one call, and the answers."""

    def __init__(self, recording: Recording, run: RunStep, supervisor: Supervisor) -> None:
        self._recording = recording
        self._run = run
        self.step_s = _TIMES_LIVE * supervisor.hang_s(BUCKETS[-1])
        """Longest time a step may take, seconds."""
        self.is_waiting = False
        """Whether a step waits for its turn."""

    def answer(self, talk: Talk, ask: Ask) -> None:
        """Answer a question; see ``Talk``."""
        if ask.question == "read":
            try:
                samples = self._recording.read(*ask.arguments)
            except BaseException:
                talk.refuse()
                raise
            talk.answer(samples)
            return
        step = _Step(talk, self)
        self.is_waiting = True
        try:
            self._run(step)
        except BaseException:
            step.give_up()
            raise


class _Step:
    """One computation of the engine's, as a step that is run in a lane.

    Whoever waits for it may give it up while it runs; then whoever runs it ends the call.
    """

    def __init__(self, talk: Talk, call: _FileCall) -> None:
        self._talk = talk
        self._call = call
        self._lock = threading.Lock()
        self._began = False
        self._given_up = False

    def __call__(self) -> None:
        """Let the engine compute, and wait until it has."""
        with self._lock:
            self._began = not self._given_up
        if not self._began:
            return
        if self._talk.is_over:
            raise NotSent  # the engine ended while this waited for its turn
        self._call.is_waiting = False
        self._talk.answer()
        self._talk.next(self._call.step_s)  # it says "stepped"
        with self._lock:
            wanted = not self._given_up
        if wanted:
            self._talk.answer()
        else:
            self._talk.refuse()

    def give_up(self) -> None:
        """Nobody wants it any more."""
        with self._lock:
            self._given_up = True
            if not self._began:
                self._talk.refuse()
