"""What every opened source is: 100 ms blocks, a name for messages, and a way to end it.

It must not know what a source reads from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples

__all__ = ["BLOCK_SAMPLES", "Source", "reblock"]

BLOCK_SAMPLES = SAMPLE_RATE // 10
"""Samples in a block; only the last block of a source is shorter."""


def _nothing() -> None:
    pass


class Source:
    """An iterator over 100 ms blocks, int16, 16 kHz, mono; a context manager that frees its input.

    Iterating raises MediaError when the input breaks before its end.

    Attributes:
        name: what the user wrote, for messages; without any password.
        duration: seconds, where the input says so.
        live: True for a device: it goes on whether it is read or not.
        cut: may be called from another thread: whoever waits for a block gets an end soon.
    """

    def __init__(
        self,
        name: str,
        blocks: Iterator[Samples],
        held: AbstractContextManager[object],
        *,
        duration: float | None = None,
        live: bool = False,
        cut: Callable[[], None] = _nothing,
    ) -> None:
        self.name = name
        self.duration = duration
        self.live = live
        self.cut = cut
        self._blocks = blocks
        self._held = held

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Samples:
        return next(self._blocks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.__exit__(kind, error, trace)


def reblock(pieces: Iterator[Samples]) -> Iterator[Samples]:
    """Join and cut pieces of any length into blocks of BLOCK_SAMPLES; the last may be shorter."""
    held: Samples = np.empty(0, dtype=np.int16)
    for piece in pieces:
        held = np.concatenate([held, piece])
        while len(held) >= BLOCK_SAMPLES:
            yield held[:BLOCK_SAMPLES]
            held = held[BLOCK_SAMPLES:]
    if len(held):
        yield held
