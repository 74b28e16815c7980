"""Keeps an engine alive: starts its process, sees it end, starts it again.

::

    first start ─▶ up ──(it ends)──▶ down ─▶ start, brief warm-up ─▶ up
                                      ▲              │ fails
                                      └── a pause ◀──┘

The first three starts come at once; from then on pauses grow, until a life has lasted.
Whoever needs the engine waits meanwhile, up to ``patience_s`` since it went down; after that all
are told at once that it does not come back, while it is still being tried.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from livecaption.engine.base import ModelInfo, Shapes
from livecaption.engine.process import Cause, EngineProcess, NotSent, Talk
from livecaption.engine.recipe import Recipe
from livecaption.engine.wire import Ask
from livecaption.errors import EngineDied, EngineError, LiveCaptionError, OperatorError

__all__ = ["CAUSES", "Supervisor", "Watchdog"]

logger = logging.getLogger(__name__)

_BRIEFLY = True

CAUSES = tuple(str(cause) for cause in Cause if cause is not Cause.CLOSED)
"""What ``Supervisor.restarts`` counts by."""


@dataclass(frozen=True, slots=True)
class Watchdog:
    """When an engine is given up, and how it is started again; seconds."""

    hang_s: float | None = None
    """Silence after which a call hangs; None for the larger of ``least_hang_s`` and
    ``times_tried`` times what a batch of its shape took in the warm-up."""
    least_hang_s: float = 6.0
    times_tried: float = 10.0
    start_s: float = 60.0
    """A restart that takes longer, and than five times the first start, has failed."""
    patience_s: float = 60.0
    pauses: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
    """Before each start in a row; the last one from then on."""
    calm_s: float = 15.0
    """A life as long as that begins a new row: pauses are there to keep a machine from being kept
    busy with starts alone."""


class Supervisor:
    """See the module. Returns when the engine works for the first time.

    Args:
        recipe: how it is made.
        report: takes sentences for the operator during the first start.
        watchdog: when it is given up.

    Raises:
        OperatorError: it cannot be made.
    """

    def __init__(
        self, recipe: Recipe, report: Callable[[str], None], watchdog: Watchdog | None = None
    ) -> None:
        self._recipe = recipe
        self._report = report
        self._watchdog = watchdog or Watchdog()
        self._shapes: Shapes = {}
        self._first_start_s = 0.0
        self._lives = 0
        self._in_a_row = 0
        self._restarts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._child: EngineProcess | None = None
        """Any process there is, also one that is starting."""
        self._up: EngineProcess | None = None
        self._down_since = time.monotonic()
        self._closing = threading.Event()
        self.trouble: str | None = None
        """Why it does not come back, once a restart has failed."""
        first: Future[tuple[ModelInfo, bool]] = Future()
        # One thread for all starts: the kernel ends a child with the thread that made it.
        self._thread = threading.Thread(
            target=self._supervise, args=(first,), name="livecaption-supervisor", daemon=True
        )
        self._thread.start()
        try:
            self.info, self.has_files = first.result()
        except BaseException:
            self.close()
            raise

    @property
    def is_up(self) -> bool:
        """Whether the engine works now."""
        life = self._up
        return life is not None and not life.ended

    @property
    def restarts(self) -> Mapping[str, int]:
        """Starts after the first, by what made them necessary."""
        return dict(self._restarts)

    def hang_s(self, bucket: int = 0, rows: int = 1) -> float:
        """Return the seconds of silence after which a call hangs.

        Args:
            bucket: encoder length of the batch, mel frames; 0 for a call without one.
            rows: windows in it.
        """
        dog = self._watchdog
        if dog.hang_s is not None:
            return dog.hang_s
        if not self._shapes:
            return dog.start_s
        tried = [s for (b, r), s in self._shapes.items() if b >= bucket and r >= rows]
        took = min(tried) if tried else max(self._shapes.values())
        return max(dog.least_hang_s, dog.times_tried * took)

    @property
    def pid(self) -> int | None:
        """Process id of the engine, for those who look at it from outside."""
        life = self._up
        return life.pid if life is not None else None

    def learn(self, shapes: Shapes) -> None:
        """Take in what batches took when they were tried."""
        self._shapes = shapes
        if self._up is not None:
            self._up.take_within(self.hang_s())

    def current(self) -> EngineProcess:
        """Return the engine; while it is being started, wait.

        Raises:
            EngineError: it does not come back in time, or we are going down.
        """
        with self._changed:
            left = self._down_since + self._watchdog.patience_s - time.monotonic()
            self._changed.wait_for(lambda: self.is_up or self._closing.is_set(), max(0.0, left))
            if self.is_up and self._up is not None:
                return self._up
        raise EngineError("The engine has ended and does not come back; the log says why.")

    def close(self) -> None:
        """End it for good."""
        with self._changed:
            self._closing.set()
            child = self._child
            self._changed.notify_all()
        if child is not None:
            child.end(Cause.CLOSED, "")
            child.wait_ended()
        self._thread.join(30.0)

    # -- the thread -------------------------------------------------------------------------

    def _supervise(self, first: Future[tuple[ModelInfo, bool]]) -> None:
        began = time.monotonic()
        try:
            made = self._start(self._recipe, self._report, limit_s=None)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            self._give_up()
            first.set_exception(self._for_the_operator(error))
            return
        self._first_start_s = time.monotonic() - began
        self._announce()
        first.set_result(made)
        recipe = self._recipe.again(made[0])
        while not self._closing.is_set():
            cause = self._wait_for_the_end()
            while not self._closing.is_set() and not self._again(recipe, made, cause):
                cause = Cause.START

    def _wait_for_the_end(self) -> Cause:
        assert self._child is not None
        began = time.monotonic()
        cause, why = self._child.wait_ended()
        with self._changed:
            self._up = None
            self._down_since = time.monotonic()
        if cause is not Cause.CLOSED:
            logger.error("the engine (process %d) is gone: %s", self._child.pid, why)
        if self._down_since - began >= self._watchdog.calm_s:
            self._in_a_row = 0
        return cause

    def _again(self, recipe: Recipe, made: tuple[ModelInfo, bool], cause: Cause) -> bool:
        """Try to start it again; say whether it works."""
        pause_s = self._pause_s
        self._in_a_row += 1
        if self._closing.wait(pause_s):
            return False
        self._restarts[cause] += 1
        limit_s = max(self._watchdog.start_s, 5 * self._first_start_s)
        try:
            if self._start(recipe, logger.info, limit_s=limit_s) != made:
                raise EngineError("another model came up than the one that ended")
            assert self._child is not None
            self._child.call("warm_up", _BRIEFLY, limit_s=limit_s)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            if not self._closing.is_set():
                why = self._why(error)
                self.trouble = f"The engine did not start again, and is tried over and over: {why}"
                logger.error(
                    "the engine did not start again, next try in %.0f s: %s", self._pause_s, why
                )
            self._give_up()
            return False
        self._announce()
        took_s = round(time.monotonic() - self._down_since, 3)
        logger.warning("the engine is back (process %d)", self._child.pid, extra={"took_s": took_s})
        return True

    @property
    def _pause_s(self) -> float:
        """Seconds before the next try."""
        pauses = self._watchdog.pauses
        return pauses[min(self._in_a_row, len(pauses) - 1)]

    def _start(
        self, recipe: Recipe, report: Callable[[str], object], limit_s: float | None
    ) -> tuple[ModelInfo, bool]:
        """Start a process and have it make the engine."""
        self._lives += 1
        child = EngineProcess(self._lives)
        child.take_within(self._watchdog.start_s)
        with self._changed:
            self._child = child
            closing = self._closing.is_set()
        if closing:
            child.end(Cause.CLOSED, "")

        def answer(talk: Talk, ask: Ask) -> None:
            report(*ask.arguments)
            talk.answer()

        made: tuple[ModelInfo, bool] = child.call("load", recipe, limit_s=limit_s, answer=answer)
        return made

    def _give_up(self) -> None:
        """End a process that did not come as far as working."""
        if self._child is not None:
            self._child.end(Cause.START, "it did not start")
            self._child.wait_ended()

    def _announce(self) -> None:
        assert self._child is not None
        self._child.take_within(self.hang_s())
        with self._changed:
            self._up = self._child
            self.trouble = None
            self._changed.notify_all()

    def _for_the_operator(self, error: Exception) -> Exception:
        if isinstance(error, LiveCaptionError) and not isinstance(error, EngineDied):
            return error
        return OperatorError(f"The engine ended before the model was loaded: {self._why(error)}.")

    def _why(self, error: Exception) -> str:
        """Return what an operator should know: of a process that ended, how."""
        if isinstance(error, EngineDied | NotSent) and self._child is not None:
            return self._child.wait_ended()[1]
        return str(error) or type(error).__name__
