"""How long the stages of a decode take: what to look at when an engine is slow.

Engine threads write, the event loop reads. A batch passes a handful of times, so the lock costs
nothing that could be measured.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from enum import StrEnum

from livecaption.core.tally import DURATION_BOUNDS, Tally

__all__ = ["Stage", "StageClock"]


class Stage(StrEnum):
    """What is done with a batch."""

    ENCODE = "encode"
    GENERATE = "generate"
    ALIGN = "align"


class StageClock:
    """Seconds that each stage took, batch by batch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._took = _nothing()

    @property
    def took(self) -> Mapping[Stage, Tally]:
        """A copy of what was measured so far, seconds."""
        with self._lock:
            return deepcopy(self._took)

    def take(self) -> dict[Stage, Tally]:
        """Hand out what was measured since the last call."""
        with self._lock:
            took, self._took = self._took, _nothing()
        return took

    def add(self, took: Mapping[Stage, Tally]) -> None:
        """Count what another clock has measured."""
        with self._lock:
            for stage, tally in took.items():
                self._took[stage].add(tally)

    def clear(self) -> None:
        """Forget what was measured."""
        with self._lock:
            self._took = _nothing()

    @contextmanager
    def timing(self, stage: Stage) -> Iterator[None]:
        """Measure the block, also one that fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            with self._lock:
                self._took[stage].observe(took)


def _nothing() -> dict[Stage, Tally]:
    return {stage: Tally(DURATION_BOUNDS) for stage in Stage}
