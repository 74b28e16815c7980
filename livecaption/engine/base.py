"""What every engine offers: prepare one window, decode a batch of prepared windows.

The batcher calls ``prepare`` and ``forget`` from one preparation thread as soon as a request
arrives, and ``transcribe`` from the engine thread. An engine owns no state of any session: what
it keeps per session is a cache that may vanish at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from livecaption.core.batching import BatchKey
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.engine.file_engine import FileEngine
from livecaption.engine.stages import StageClock

__all__ = ["ModelInfo", "Prepared", "Restartable", "Shapes", "Staged", "Transcriber"]


Shapes = Mapping[tuple[int, int], float]
"""Seconds of batches, by encoder length (mel frames of 10 ms) and rows."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is loaded, for people to read."""

    name: str
    device: str
    """"cpu" or "cuda"."""
    compute_type: str
    multilingual: bool
    languages: tuple[str, ...]
    previous_text: bool
    """Whether the model does better with committed text as context."""
    workers: int = 1
    """Batches that may run at the same time: one for each device."""


class Prepared(Protocol):
    """A request with all that can be computed without the model."""

    @property
    def request(self) -> DecodeRequest:
        """The request it was made from."""

    @property
    def key(self) -> BatchKey:
        """Requests with equal keys may share a batch."""

    @property
    def bucket(self) -> int:
        """Encoder input length it needs at least, mel frames of 10 ms."""


class Transcriber(Protocol):
    """A Whisper-like engine."""

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""

    @property
    def files(self) -> FileEngine | None:
        """What transcribes whole files with the same model; None if nothing does."""

    def prepare(self, request: DecodeRequest) -> Prepared:
        """Compute features and context of one window; called from the preparation thread."""

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """Decode windows of equal key together; one result for each, in order.

        Blocks; called from engine threads only.

        Raises:
            EngineDied: the engine is gone, and perhaps because of one of them.
            Exception: whatever the model raises; the batcher fails this batch only.
        """

    def warm_up(self, *, briefly: bool = False) -> Shapes:
        """Run every batch shape once, so that the first sentence is not the slow one.

        Args:
            briefly: only what the next sentence needs, because people are waiting for it.

        Returns:
            What each of them took; empty where nothing was run.
        """

    def forget(self, session: str) -> None:
        """Drop what is cached for a session; called from the preparation thread."""


@runtime_checkable
class Staged(Protocol):
    """What an engine may offer besides: how long its stages take."""

    @property
    def stages(self) -> StageClock:
        """Measured since it was warmed up."""


@runtime_checkable
class Restartable(Protocol):
    """What an engine offers besides that may die, and is then started again."""

    @property
    def is_up(self) -> bool:
        """Whether it works now."""

    @property
    def trouble(self) -> str | None:
        """Why it does not come back, once starting it again has failed; a sentence."""

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often it was started again, by cause."""

    def wait_up(self) -> None:
        """Block until it works.

        Raises:
            EngineError: it does not come back in time.
        """
