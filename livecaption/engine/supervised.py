"""An engine in a process of its own that may hang or die, behind the face that every engine has.

The server keeps the requests; what is made of them stays with the engine, under handles. So a life
that ends takes nothing along that could not be made again.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from livecaption.core.batching import BatchKey
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.engine.base import ModelInfo, Prepared, Shapes
from livecaption.engine.file_engine import FileEngine
from livecaption.engine.process import EngineProcess, NotSent
from livecaption.engine.remote_files import RemoteFiles
from livecaption.engine.stages import StageClock
from livecaption.engine.supervisor import Supervisor
from livecaption.errors import EngineDied

__all__ = ["SupervisedTranscriber"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """A prepared window that lies with the engine for as long as this does here."""

    request: DecodeRequest
    key: BatchKey
    bucket: int
    handle: int
    life: EngineProcess = field(repr=False)

    def __del__(self) -> None:
        self.life.released.append(self.handle)


class SupervisedTranscriber:
    """A ``Transcriber`` that is started again when it dies; ``with`` it, for it to end.

    Args:
        supervisor: keeps the engine alive.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._handles = itertools.count(1)
        self._stages = StageClock()
        self._files = RemoteFiles(supervisor, self._handles) if supervisor.has_files else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._supervisor.close()

    @property
    def info(self) -> ModelInfo:
        """See ``Transcriber.info``."""
        return self._supervisor.info

    @property
    def files(self) -> FileEngine | None:
        """See ``Transcriber.files``."""
        return self._files

    @property
    def stages(self) -> StageClock:
        """See ``Staged.stages``; of all lives."""
        return self._stages

    @property
    def is_up(self) -> bool:
        """See ``Restartable.is_up``."""
        return self._supervisor.is_up

    @property
    def trouble(self) -> str | None:
        """See ``Restartable.trouble``."""
        return self._supervisor.trouble

    @property
    def restarts(self) -> Mapping[str, int]:
        """See ``Restartable.restarts``."""
        return self._supervisor.restarts

    def wait_up(self) -> None:
        """See ``Restartable.wait_up``."""
        self._supervisor.current()

    def prepare(self, request: DecodeRequest) -> Prepared:
        """See ``Transcriber.prepare``."""
        handle = next(self._handles)
        life, (key, bucket) = self._call(
            "prepare", lambda _: (handle, request), self._supervisor.hang_s()
        )
        return _Window(request, key, bucket, handle, life)

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """See ``Transcriber.transcribe``."""
        windows = [window for window in batch if isinstance(window, _Window)]
        limit_s = self._supervisor.hang_s(max(w.bucket for w in windows), len(windows))

        def rows(life: EngineProcess) -> tuple[list[int | DecodeRequest]]:
            return ([w.handle if w.life is life else w.request for w in windows],)

        _, (results, took) = self._call("transcribe", rows, limit_s)
        self._stages.add(took)
        return [
            replace(result, request=window.request)
            for result, window in zip(results, windows, strict=True)
        ]

    def warm_up(self, *, briefly: bool = False) -> Shapes:
        """See ``Transcriber.warm_up``; what it takes says when a call hangs."""
        try:
            shapes = self._warm_up(briefly=briefly)
        except EngineDied:
            logger.warning("the engine ended while it was warmed up; once more")
            shapes = self._warm_up(briefly=briefly)
        self._supervisor.learn(shapes)
        return shapes

    def forget(self, session: str) -> None:
        """See ``Transcriber.forget``; with an engine that is gone all is forgotten."""
        if not self.is_up:
            return
        try:
            limit_s = self._supervisor.hang_s()
            self._supervisor.current().call("forget", session, limit_s=limit_s)
        except (NotSent, EngineDied):
            return

    def _warm_up(self, *, briefly: bool) -> Shapes:
        # How long it takes is not known before it was done.
        shapes: Shapes
        _, shapes = self._call("warm_up", lambda _: (briefly,), None)
        return shapes

    def _call(
        self,
        method: str,
        arguments: Callable[[EngineProcess], tuple[Any, ...]],
        limit_s: float | None,
    ) -> tuple[EngineProcess, Any]:
        """Call the first life that can be asked; return it and its answer.

        Args:
            method: of the engine.
            arguments: made for one life.
            limit_s: seconds without a word after which it hangs; None for no limit.
        """
        while True:
            life = self._supervisor.current()
            try:
                return life, life.call(method, *arguments(life), limit_s=limit_s)
            except NotSent:
                continue
