"""What changes during training, as functions of progress (0 = start, 1 = end).

Easy to hard: short windows first, then up to 30 s; starting with long ones and random position
offsets never aligned the attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

__all__ = [
    "Steps",
    "auxiliary_weight",
    "hardness",
    "learning_rate",
    "parse_steps",
    "value_at",
]

Value = TypeVar("Value")

Steps = list[tuple[float, Value]]
"""(progress, the value that holds from there on), ascending."""


def parse_steps(text: str, parse: Callable[[str], Value]) -> Steps[Value]:
    """Read ``progress:value;progress:value``, the first progress being 0.

    Raises:
        ValueError: not of that form, not ascending or not starting at 0.
    """
    steps = []
    for part in text.split(";"):
        progress, value = part.split(":")
        steps.append((float(progress), parse(value)))
    starts = [start for start, _ in steps]
    if starts[0] != 0 or starts != sorted(starts):
        raise ValueError(f"{text!r} must ascend from progress 0")
    return steps


def value_at(steps: Steps[Value], progress: float) -> Value:
    """The value that holds at `progress`."""
    return [value for start, value in steps if start <= progress][-1]


def learning_rate(peak: float, progress: float, step: int, warm_up: int) -> float:
    """Linear warm-up over the first steps, then half a cosine down to 2 % of the peak."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1, progress)))
    return peak * min(1.0, (step + 1) / warm_up) * (0.02 + 0.98 * cosine)


def auxiliary_weight(progress: float) -> float:
    """Weight of the losses that need the synthesiser's times: 1, from 0.3 on falling to 0.15."""
    return 1.0 if progress < 0.3 else max(0.15, 1.0 - (progress - 0.3) * 1.7)


def hardness(progress: float, easy_until: float) -> float:
    """How hard windows are: 0 until half of `easy_until`, 1 from one and a half times it on."""
    return min(1.0, max(0.0, progress / max(1e-6, easy_until) - 0.5))
