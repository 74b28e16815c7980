"""Timing of calls that last microseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from livecaption.core.stats import percentile

__all__ = ["median_us"]


def median_us(call: Callable[[], object], *, rounds: int = 200, inner: int = 1) -> float:
    """Return the median time of a call, µs; ``inner`` calls are timed together."""
    costs = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(inner):
            call()
        costs.append((time.perf_counter() - began) / inner * 1e6)
    return round(percentile(costs, 50), 2)
