"""Whether one more speaker fits, from what decoding is measured to cost.

::

    demand of a speaker   duty × (1 / hop + pauses)          windows a second
    utilisation           speakers × demand × row_s / workers
    hop that is needed    where utilisation is just ``most_utilisation``

    hop needed ≤ the policy's hop       admit
             …  ≤ the longest hop       admit, everybody's hop stretches: text degrades last
             …  > the longest hop       refuse, and say when to come back

Decide only: nobody here owns a clock, a queue or a socket. The shell measures (``EngineLoad``) and
acts. A server that has decoded nothing yet knows nothing, and lets in a few speakers to learn.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AdmissionPolicy",
    "Admit",
    "EngineLoad",
    "Refuse",
    "decide",
    "lag",
    "needed_hop",
    "places",
]


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What is known about the engine and those it serves; times in seconds."""

    speakers: int
    """Sessions now, the one that asks not counted."""
    row_s: float | None
    """Time one window takes in the batches of a busy engine; None while nothing was decoded."""
    batch_s: float = 0.0
    """Time of such a batch: what a window waits for at least when it comes late."""
    workers: int = 1
    """Devices that decode at the same time."""
    duty: float = 0.75
    """Share of the time in which a speaker speaks."""
    pauses_per_s: float = 0.35
    """Decodes that pauses and ends ask for whatever the hop is, in a second of speech."""
    turnaround_s: float = 0.0
    """From a partial's request to its result, as measured lately."""
    stay_s: float = 600.0
    """How long sessions last."""


@dataclass(frozen=True, slots=True)
class AdmissionPolicy:
    """What the server is willing to promise."""

    hop_s: float = 0.5
    """New audio between two decodes while there is room."""
    most_hop_s: float = 2.0
    """What the hop may stretch to; beyond it captions are too slow to follow."""
    most_utilisation: float = 0.85
    """Of the engine. A window waits about u / (2 - 2u) batches: three at 0.85, ten at 0.95."""
    most_turnaround_s: float = 1.5
    """Whatever the arithmetic says: nobody is let in while decodes take longer than this."""
    blind: int = 8
    """Speakers let in before anything is known about the engine."""
    least_retry_s: float = 2.0
    most_retry_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.hop_s <= self.most_hop_s:
            raise ValueError(f"hop_s {self.hop_s} must be in (0, {self.most_hop_s}]")
        if not 0 < self.most_utilisation < 1:
            raise ValueError(f"most_utilisation {self.most_utilisation} must be in (0, 1)")


@dataclass(frozen=True, slots=True)
class Admit:
    """There is room; everybody's hop becomes ``hop_s``."""

    hop_s: float
    utilisation: float
    """With the newcomer; 0 while nothing is known."""
    lag_s: float
    """How old the newest committed words of a speaker will be, typically."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """There is none."""

    retry_after_s: float
    utilisation: float
    """With the newcomer, at the longest hop; 0 while nothing is known."""


def decide(load: EngineLoad, policy: AdmissionPolicy) -> Admit | Refuse:
    """Say whether one more speaker fits."""
    speakers = load.speakers + 1
    if load.row_s is None:
        if speakers > policy.blind:
            return Refuse(policy.least_retry_s, 0.0)
        return Admit(policy.hop_s, 0.0, policy.hop_s)
    hop = needed_hop(speakers, load, policy)
    if hop is None or load.turnaround_s > policy.most_turnaround_s:
        stretched = _utilisation(speakers, policy.most_hop_s, load)
        return Refuse(_retry_after(speakers, load, policy), stretched)
    return Admit(hop, _utilisation(speakers, hop, load), lag(speakers, hop, load))


def places(load: EngineLoad, policy: AdmissionPolicy) -> int | None:
    """Return how many speakers fit in all, at the longest hop; None while nothing is known."""
    if not load.row_s:
        return None
    work = load.duty * load.row_s / load.workers
    most = policy.most_hop_s * policy.most_utilisation
    return int(most / (work * (1.0 + policy.most_hop_s * load.pauses_per_s)))


def needed_hop(speakers: int, load: EngineLoad, policy: AdmissionPolicy) -> float | None:
    """Return the shortest hop at which the engine keeps up, seconds; None when there is none."""
    work = speakers * load.duty * (load.row_s or 0.0) / load.workers
    left = policy.most_utilisation - work * load.pauses_per_s
    if left <= 0.0 or work / left > policy.most_hop_s:
        return None
    return max(policy.hop_s, work / left)


def lag(speakers: int, hop_s: float, load: EngineLoad) -> float:
    """Return how long a word typically waits to be committed, seconds.

    Two windows have to agree on it, so it waits for one to one and a half hops, then for the
    batches in front of its window (a queue served at fixed times: u / (2 - 2u) of them), then for
    its own. A word in a hopeless queue waits for ever.
    """
    busy = _utilisation(speakers, hop_s, load)
    if busy >= 1.0:
        return float("inf")
    return 1.25 * hop_s + load.batch_s * (1.0 + busy / (2.0 - 2.0 * busy))


def _utilisation(speakers: int, hop_s: float, load: EngineLoad) -> float:
    demand = load.duty * (1.0 / hop_s + load.pauses_per_s)
    return speakers * demand * (load.row_s or 0.0) / load.workers


def _retry_after(speakers: int, load: EngineLoad, policy: AdmissionPolicy) -> float:
    """Return when the next of the speakers there are will probably have left."""
    return min(max(load.stay_s / speakers, policy.least_retry_s), policy.most_retry_s)
