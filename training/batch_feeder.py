"""Composes batches beside the training loop: in one thread, or in forked processes for a GPU.

The queue between them is bounded, so composing never runs ahead by more than a few batches.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.queues
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from training.schedule import Steps, hardness, value_at
from training.utterance_pool import UtterancePool, Vocabulary
from training.window_composer import Batch, WindowComposer

__all__ = ["BatchFeeder", "Curriculum"]

_RELOAD_SECONDS = 60
_SHARDS_PER_RELOAD = 5


@dataclass(frozen=True)
class Curriculum:
    """Which windows come when."""

    window_sizes: Steps[list[int]]
    """Encoder frames; one of them is drawn per batch."""
    frames_per_batch: Steps[int]
    """Encoder frames of a whole batch."""
    easy_until: float
    """Progress; see `schedule.hardness`."""


class BatchFeeder:
    """Gives batches for ever; use it as a context manager.

    Attributes:
        progress: 0 to 1, set by the training loop; steers the curriculum.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        pool: UtterancePool,
        curriculum: Curriculum,
        seed: int,
        *,
        processes: int = 0,
        growing_shards: str | None = None,
    ) -> None:
        """Start composing.

        Args:
            vocabulary: of the targets.
            pool: loaded; forked processes keep it as it is now.
            curriculum: which windows come when.
            seed: of the first composer; further ones count on from it.
            processes: 0 composes in one thread of this process.
            growing_shards: pattern of shards that may still be being written; the thread (not
                forked processes) loads new ones every minute.
        """
        self._vocabulary, self._pool, self._curriculum = vocabulary, pool, curriculum
        self._growing_shards = None if processes else growing_shards
        context = multiprocessing.get_context("fork")
        self._progress = context.Value("d", 0.0)
        self._stopped = context.Event()
        self._queue: queue.Queue[Batch | None] | multiprocessing.queues.Queue[Batch | None]
        if processes:
            self._queue = context.Queue(maxsize=4 * processes)
            for worker in range(processes):
                context.Process(target=self._produce, args=(seed + worker,), daemon=True).start()
        else:
            self._queue = queue.Queue(maxsize=4)
            threading.Thread(target=self._produce, args=(seed,), daemon=True).start()

    @property
    def progress(self) -> float:
        """How far training is."""
        return float(self._progress.value)

    @progress.setter
    def progress(self, progress: float) -> None:
        self._progress.value = progress

    def next_batch(self) -> Batch:
        """Wait for a batch.

        Raises:
            RuntimeError: a composer has failed; its own error was printed.
        """
        batch = self._queue.get()
        if batch is None:
            raise RuntimeError("a window composer has failed; its error is above")
        return batch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()

    def _produce(self, seed: int) -> None:
        try:
            self._compose_for_ever(seed)
        finally:
            self._queue.put(None)  # wakes the training loop if this was an error

    def _compose_for_ever(self, seed: int) -> None:
        composer = WindowComposer(self._vocabulary, self._pool, seed)
        random = np.random.default_rng(seed + 77)
        curriculum = self._curriculum
        reload = self._reloader()
        while not self._stopped.is_set():
            progress = self.progress
            frames = int(random.choice(value_at(curriculum.window_sizes, progress)))
            composer.hardness = hardness(progress, curriculum.easy_until)
            windows = max(1, value_at(curriculum.frames_per_batch, progress) // frames)
            self._queue.put(composer.batch(frames, windows))
            reload()

    def _reloader(self) -> Callable[[], None]:
        """A function that now and then loads the shards written meanwhile."""
        last = time.monotonic()

        def reload() -> None:
            nonlocal last
            if self._growing_shards and time.monotonic() - last > _RELOAD_SECONDS:
                last = time.monotonic()
                if self._pool.load(self._growing_shards, limit=_SHARDS_PER_RELOAD):
                    print(f"pool: {self._pool.hours:.1f} h", flush=True)

        return reload
