"""An engine for its own process that knows the talk by heart, and fails on command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.engine.faulty import FaultyEngine, FaultyRecipe
from tests.faults.talk import talk

__all__ = ["TalkRecipe"]


@dataclass(frozen=True)
class TalkRecipe(FaultyRecipe):
    """Makes it."""

    seconds: float = 9.0

    def __call__(self, report: Callable[[str], None]) -> FaultyEngine:
        _, words = talk(self.seconds)
        return FaultyEngine(self.folder, self.workers, words)
