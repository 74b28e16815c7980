"""A histogram of plain integers: what happened how often, kept where it happens, read by others.

The bounds are those of a Prometheus histogram (a value belongs to the first bound that is not
smaller), so that whoever exports it needs no second look at the values. Writing costs a binary
search; nothing is allocated, and the size never changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

__all__ = ["DELAY_BOUNDS", "DURATION_BOUNDS", "Tally"]

DELAY_BOUNDS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0, 10.0, 20.0)
"""Seconds that a reader waits for a word; 3 s is where captions stop being live."""

DURATION_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds of work: a write to the disk, a stage of a decode, a turn of the event loop."""


@dataclass(slots=True)
class Tally:
    """Counts of values between bounds, and their sum.

    Args:
        bounds: ascending upper bounds, each included; what is larger is counted as well.
    """

    bounds: Sequence[float]
    total: float = 0.0
    """Sum of all values."""
    _counts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        if list(self.bounds) != sorted(set(self.bounds)) or not self.bounds:
            raise ValueError(f"bounds must ascend, got {self.bounds}")
        self._counts = [0] * (len(self.bounds) + 1)

    @property
    def count(self) -> int:
        """Values so far."""
        return sum(self._counts)

    @property
    def cumulative(self) -> tuple[int, ...]:
        """For each bound the values up to it; one more for all of them."""
        return tuple(accumulate(self._counts))

    @property
    def mean(self) -> float | None:
        """Mean of all values; None while there are none."""
        count = self.count
        return self.total / count if count else None

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, other: Tally) -> None:
        """Count what another tally with the same bounds has counted.

        Raises:
            ValueError: the bounds differ.
        """
        if tuple(other.bounds) != tuple(self.bounds):
            raise ValueError("tallies with different bounds cannot be added")
        self._counts = [
            mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)
        ]
        self.total += other.total
