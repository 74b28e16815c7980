"""An engine in a process of its own that may hang or die, behind the face that every engine has.

The server keeps the requests; what is made of them stays with the engine, under handles. So a life
that ends takes nothing along that could not be made again.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

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
        while True:
            life = self._supervisor.current()
            handle, limit_s = next(self._handles), self._supervisor.hang_s()
            try:
                key, bucket = life.call("prepare", handle, request, limit_s=limit_s)
            except NotSent:
                continue
            return _Window(request, key, bucket, handle, life)

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """See ``Transcriber.transcribe``."""
        windows = [window for window in batch if isinstance(window, _Window)]
        limit_s = self._supervisor.hang_s(max(w.bucket for w in windows), len(windows))
        while True:
            life = self._supervisor.current()
            rows = [w.handle if w.life is life else w.request for w in windows]
            try:
                results, took = life.call("transcribe", rows, limit_s=limit_s)
            except NotSent:
                continue
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
        while True:
            try:
                # How long it takes is not known before it was done.
                shapes: Shapes = self._supervisor.current().call("warm_up", briefly, limit_s=None)
            except NotSent:
                continue
            return shapes
