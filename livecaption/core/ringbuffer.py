"""The most recent audio of one session, addressed by absolute sample index.

Operations wanted: append at the end, read any stretch still held, forget the front. Goals: little
memory for a session that forgets in time (a server holds a thousand, most of them between two
sentences), and no way to confuse "already forgotten" with "not there yet". Plan: one circular
array; absolute index ``i`` lives at ``i % len(array)``. It doubles when what is held does not fit,
up to ``capacity``.

Warning: beyond ``capacity`` it never grows. ``append`` forgets the oldest samples when it must, and
a later ``read`` of them raises. That is loud on purpose: the session keeps its windows well inside
the capacity, so an IndexError is a bug in the session, never bad input.
"""

from __future__ import annotations

import numpy as np

from livecaption.core.audio import Samples

__all__ = ["AudioRingBuffer"]

_FIRST = 2**16
"""Samples that fit at first: 4 s, more than most windows have."""


class AudioRingBuffer:
    """Keeps at most ``capacity`` samples; ``start`` and ``stop`` are absolute indexes.

    Args:
        capacity: samples that fit.
        start: absolute index of the first sample that will be appended.
    """

    def __init__(self, capacity: int, start: int = 0) -> None:
        if capacity <= 0:
            raise ValueError(f"capacity must be positive, got {capacity}")
        self._capacity = capacity
        self._store: Samples = np.zeros(min(capacity, _FIRST), dtype=np.int16)
        self._start = start
        self._stop = start

    @property
    def capacity(self) -> int:
        """Samples that fit."""
        return self._capacity

    @property
    def nbytes(self) -> int:
        """Bytes of memory in use."""
        return self._store.nbytes

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
        total = len(samples)
        held = self._stop - self._start + total
        if held > len(self._store) < self._capacity:
            self._grow(held)
        size = len(self._store)
        newest = samples[-size:]
        at = (self._stop + total - len(newest)) % size
        first = min(len(newest), size - at)
        self._store[at : at + first] = newest[:first]
        self._store[: len(newest) - first] = newest[first:]
        self._stop += total
        self._start = max(self._start, self._stop - size)

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
        size = len(self._store)
        at = start % size
        first = min(stop - start, size - at)
        return np.concatenate([self._store[at : at + first], self._store[: stop - start - first]])

    def trim_before(self, sample: int) -> None:
        """Forget everything before ``sample``; earlier or already forgotten indexes do nothing."""
        self._start = min(max(self._start, sample), self._stop)

    def _grow(self, held: int) -> None:
        kept = self.read(self._start, self._stop)
        size = len(self._store)
        while size < held:
            size *= 2
        self._store = np.zeros(min(size, self._capacity), dtype=np.int16)
        self._stop = self._start
        self.append(kept)
