"""``livecaption serve`` with the real model, whose engine fails when a file tells it to.

Run as ``python -m bench.faulty_server FOLDER``; settings come from the environment. A file
``FOLDER/memory`` makes the next batch of several windows run out of memory, ``FOLDER/segfault``
has the next one read memory that is not there. Kills from outside need no help.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livecaption.asgi import create_app, recipe_of
from livecaption.core.decode import DecodeResult
from livecaption.engine.base import ModelInfo, Prepared
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.supervised import SupervisedTranscriber
from livecaption.engine.supervisor import Supervisor
from livecaption.logs import configure_logs
from livecaption.resident import ResidentModel
from livecaption.server.serving import LiveServer, bind
from livecaption.settings import load_settings

__all__ = ["FailingModel", "main"]


@dataclass(frozen=True)
class FailingModel:
    """A ``Recipe``."""

    model: ResidentModel
    folder: Path

    def __call__(self, report: Callable[[str], None], /) -> _Failing:
        return _Failing(self.model(report), self.folder)

    def again(self, info: ModelInfo, /) -> FailingModel:
        return replace(self, model=self.model.again(info))


class _Failing:
    """The model; all but its failures is its own."""

    def __init__(self, model: FasterWhisperTranscriber, folder: Path) -> None:
        self._model = model
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        if self._is_told("segfault"):
            ctypes.string_at(0)
        if len(batch) > 1 and self._is_told("memory"):
            raise RuntimeError("CUDA failed with error out of memory")
        return self._model.transcribe(batch)

    def _is_told(self, command: str) -> bool:
        with suppress(FileNotFoundError):
            (self._folder / command).unlink()
            return True
        return False


def main() -> None:
    settings = load_settings()
    configure_logs("info", "text")
    recipe = FailingModel(recipe_of(settings), Path(sys.argv[1]))
    listener = bind(settings)
    supervisor = Supervisor(recipe, logging.getLogger(__name__).info)
    with SupervisedTranscriber(supervisor) as engine:
        LiveServer(create_app(settings, engine), settings).run(sockets=[listener])


if __name__ == "__main__":
    # Not this module under the name of ``__main__``, which the engine's process knows nothing of.
    from bench.faulty_server import main as serve

    serve()
