"""The most recent audio of one session, addressed by absolute sample index.

Operations wanted: append at the end, read any stretch still held, forget the front. Goals: no
reallocation while a session runs, and no way to confuse "already forgotten" with "not there
yet". Plan: one circular array; absolute index ``i`` lives at ``i % capacity``.

Warning: the buffer never grows. ``append`` forgets the oldest samples when it must, and a later
``read`` of them raises. That is loud on purpose: the session keeps its windows well inside the
capacity, so an IndexError is a bug in the session, never bad input.
"""

from __future__ import annotations

import numpy as np

from livecaption.core.audio import Samples

__all__ = ["AudioRingBuffer"]


class AudioRingBuffer:
    """Keeps at most ``capacity`` samples; ``start`` and ``stop`` are absolute indexes.

    Args:
        capacity: samples that fit.
        start: absolute index of the first sample that will be appended.
    """

    def __init__(self, capacity: int, start: int = 0) -> None:
        if capacity <= 0:
            raise ValueError(f"capacity must be positive, got {capacity}")
        self._store: Samples = np.zeros(capacity, dtype=np.int16)
        self._start = start
        self._stop = start

    @property
    def capacity(self) -> int:
        """Samples that fit."""
        return len(self._store)

    @property
    def start(self) -> int:
        """Absolute index of the oldest sample still held."""
        return self._start

    @property
    def stop(self) -> int:
        """Absolute index one past the newest sample: the count of all samples ever appended."""
        return self._stop

    def append(self, samples: Samples) -> None:
        """Add int16 samples, shape (n,), forgetting the oldest ones that no longer fit."""
        capacity = self.capacity
        total = len(samples)
        newest = samples[-capacity:]
        at = (self._stop + total - len(newest)) % capacity
        first = min(len(newest), capacity - at)
        self._store[at : at + first] = newest[:first]
        self._store[: len(newest) - first] = newest[first:]
        self._stop += total
        self._start = max(self._start, self._stop - capacity)

    def skip(self, samples: int) -> None:
        """Move on over audio that never came; what was held before is forgotten."""
        self._stop += samples
        self._start = self._stop

    def read(self, start: int, stop: int) -> Samples:
        """Copy samples [start, stop), int16, shape (stop - start,).

        Raises:
            IndexError: part of the stretch is forgotten or not there yet.
        """
        if not self._start <= start <= stop <= self._stop:
            raise IndexError(
                f"samples [{start}, {stop}) are not held; the buffer has "
                f"[{self._start}, {self._stop})"
            )
        capacity = self.capacity
        at = start % capacity
        first = min(stop - start, capacity - at)
        return np.concatenate([self._store[at : at + first], self._store[: stop - start - first]])

    def trim_before(self, sample: int) -> None:
        """Forget everything before ``sample``; earlier or already forgotten indexes do nothing."""
        self._start = min(max(self._start, sample), self._stop)
