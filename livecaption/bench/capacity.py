"""How many streams a server carries: a search, and what counts as carried.

The search is pure: it says which count to try next and learns what came of it. From the first
guess it doubles while streams are held and halves while they are not, then closes in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from livecaption.bench.load_run import RunFigures
from livecaption.core.stats import percentile

__all__ = ["CapacityLimit", "CapacitySearch", "verdict"]


@dataclass(frozen=True, slots=True)
class CapacityLimit:
    """What a run must hold."""

    kind: str = "commit"
    """Which delay: commit or shown."""
    p95_s: float = 1.5
    most_lost: float = 0.02
    """Share of the words said that may be lost beyond what is lost at one stream."""
    baseline_lost: float = 0.0
    """Share of the words lost at one stream: the model's doing, not the load's."""


def verdict(run: RunFigures, limit: CapacityLimit) -> str | None:
    """Return why a run does not hold the limit, in a few words; None when it does."""
    if run.problems:
        return f"{len(run.problems)} of {run.streams} streams failed: {run.problems[0]}"
    if run.lost_s > 0:
        return f"{run.lost_s:.1f} s of audio lost"
    delays = run.delays(limit.kind)
    if not delays:
        return "no captions"
    late = percentile(delays, 95)
    if not late < limit.p95_s:
        return f"95 % of words after {late:.2f} s"
    lost = run.errors.lost / max(1, run.errors.said) - limit.baseline_lost
    if lost > limit.most_lost:
        return f"{lost:.1%} more of the words lost than with one stream"
    return None


@dataclass(slots=True)
class CapacitySearch:
    """Closes in on the largest count that holds.

    Args:
        first: where to begin.
        most: never try more.
        precision: stop when the bracket is narrower than this share of the count held; counts
            below ten are told apart exactly.
    """

    first: int = 1
    most: int = 4096
    precision: float = 0.08
    held: int = 0
    failed: int | None = None
    tried: list[tuple[int, bool]] = field(default_factory=list)

    def next_count(self) -> int | None:
        """Return the count to try next; None when the answer is known."""
        if not self.tried:
            return min(self.first, self.most)
        if self.failed is None:
            return min(2 * self.held, self.most) if self.held < self.most else None
        width = self.failed - self.held
        if width <= max(1, int(self.precision * self.held)):
            return None
        if self.held == 0:
            return max(1, self.failed // 2)
        return self.held + width // 2

    def learn(self, count: int, *, holds: bool) -> None:
        """Take the outcome of a try."""
        self.tried.append((count, holds))
        if holds:
            self.held = max(self.held, count)
        elif self.failed is None or count < self.failed:
            self.failed = count
