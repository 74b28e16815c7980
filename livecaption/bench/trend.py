"""Whether something grows: a straight line through a soak's samples, with its confidence.

Samples of a process are not independent (a second looks like the second before), which would make
any line look certain. So the samples are first averaged in blocks, and the line goes through the
blocks (ordinary least squares; Student's t for the interval).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Trend", "trend"]

_BLOCKS = 20
_LEAST_BLOCKS = 4
# Student's t at 97.5 % for 2 … 18 degrees of freedom.
_T = [4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160]
_T += [2.145, 2.131, 2.120, 2.110, 2.101]


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope per hour, with the 95 % interval [low, high]."""

    per_hour: float
    low: float
    high: float
    first: float
    last: float
    """What the line says at the first and the last sample."""

    @property
    def grows(self) -> bool:
        """Whether the slope is above 0 beyond doubt."""
        return self.low > 0


def trend(samples: Sequence[tuple[float, float]]) -> Trend | None:
    """Fit a line.

    Args:
        samples: (seconds, value), in order of time.

    Returns:
        The trend, or None when there are too few samples to say anything.
    """
    blocks = _blocks(samples)
    if len(blocks) < _LEAST_BLOCKS:
        return None
    count = len(blocks)
    mean_x = sum(x for x, _ in blocks) / count
    mean_y = sum(y for _, y in blocks) / count
    spread = sum((x - mean_x) ** 2 for x, _ in blocks)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in blocks) / spread
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in blocks)
    error = _T[count - _LEAST_BLOCKS] * math.sqrt(rest / (count - 2) / spread)
    first, last = samples[0][0], samples[-1][0]
    return Trend(
        per_hour=slope * 3600,
        low=(slope - error) * 3600,
        high=(slope + error) * 3600,
        first=mean_y + slope * (first - mean_x),
        last=mean_y + slope * (last - mean_x),
    )


def _blocks(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    size = max(1, len(samples) // _BLOCKS)
    parts = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)][:_BLOCKS]
    return [
        (sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts
    ]
