"""Which cuts a run gets: drawn from a seed, so that a run can be repeated."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from tests.faults.network import Fault

__all__ = ["Cut", "plan_cuts"]


@dataclass(frozen=True, slots=True)
class Cut:
    """One failure of the network."""

    after_s: float
    """Since the network came back the last time, or since the beginning."""
    fault: Fault
    outage_s: float
    share: float
    """Of what is under way, for a torn stream."""


def plan_cuts(
    seed: int | str,
    count: int,
    *,
    outage_s: tuple[float, float] = (0.1, 60.0),
    after_s: tuple[float, float] = (8.0, 14.0),
) -> list[Cut]:
    """Draw cuts: every fault as often as any other, outages log-uniformly.

    Args:
        seed: of all that is drawn.
        count: how many.
        outage_s: shortest and longest outage.
        after_s: least and most time between the end of one and the beginning of the next.
    """
    dice = random.Random(seed)
    faults: list[Fault] = []
    while len(faults) < count:
        faults += dice.sample(list(Fault), len(Fault))
    shortest, longest = (math.log(edge) for edge in outage_s)
    return [
        Cut(
            after_s=dice.uniform(*after_s),
            fault=fault,
            outage_s=math.exp(dice.uniform(shortest, longest)),
            share=dice.random(),
        )
        for fault in faults[:count]
    ]
