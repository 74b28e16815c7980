"""How an engine is made: handed to its process, which makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from livecaption.engine.base import ModelInfo, Transcriber

__all__ = ["Recipe"]


class Recipe(Protocol):
    """Can be pickled; importing its module must not load what only a server needs."""

    def __call__(self, report: Callable[[str], None], /) -> Transcriber:
        """Make the engine; takes seconds, minutes where a model must be downloaded.

        Args:
            report: takes sentences for the operator.

        Raises:
            OperatorError: it cannot be made.
        """

    def again(self, info: ModelInfo, /) -> Recipe:
        """Return the recipe for the same engine once more, without choices and downloads.

        Args:
            info: what this recipe has made.
        """
