"""A view of a model whose every computation is a step that somebody else may run.

A window of a file is encoded, generated from (again at higher temperatures, where it must be) and
aligned. With a large model on a CPU each takes seconds. As steps of their own, live windows come
in between; as one, they would wait for all of it.
"""

from __future__ import annotations

import copy
from typing import Any

from faster_whisper import WhisperModel

from livecaption.engine.file_engine import RunStep, at_once

__all__ = ["in_steps"]


def in_steps(model: WhisperModel, run: RunStep) -> WhisperModel:
    """Return a view of a model that hands each of its computations to ``run``.

    Args:
        model: shared with others; nothing of it is changed.
        run: runs one computation, and blocks until it is done.
    """
    if run is at_once:
        return model
    view = copy.copy(model)
    view.model = _Stepped(model.model, run)
    return view


class _Stepped:
    """CTranslate2's Whisper; what computes is wrapped, all else is passed through."""

    def __init__(self, model: Any, run: RunStep) -> None:
        self._model = model
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, *args: Any, **settings: Any) -> Any:
        """Encode one window."""
        return self._run(lambda: self._model.encode(*args, **settings))

    def generate(self, *args: Any, **settings: Any) -> Any:
        """Write down what an encoded window says."""
        return self._run(lambda: self._model.generate(*args, **settings))

    def align(self, *args: Any, **settings: Any) -> Any:
        """Find the words in the audio."""
        return self._run(lambda: self._model.align(*args, **settings))

    def detect_language(self, *args: Any, **settings: Any) -> Any:
        """Guess the language."""
        return self._run(lambda: self._model.detect_language(*args, **settings))
