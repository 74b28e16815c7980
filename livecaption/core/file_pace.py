"""How much of the engine a file may take while people speak.

::

    nobody has spoken for a while      one step after the other
    somebody speaks                    after a step of t seconds, a rest of t × (1 / share - 1)
    live decodes are late              no step at all

A decode that meets a step of a file waits for it. With a share of 4 %, 96 of 100 meet none, so the
delay of captions at the 95th percentile is what it would be without files.

Decide only: the shell measures and waits.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FilePace", "LiveLoad"]


@dataclass(frozen=True, slots=True)
class LiveLoad:
    """What live work is like at the moment; seconds."""

    quiet_s: float
    """Since the last live request."""
    turnaround_s: float = 0.0
    """From a partial's request to its result, as measured lately."""


@dataclass(frozen=True, slots=True)
class FilePace:
    """When the next step of a file may run."""

    share: float = 0.04
    """Of the engine's time, while somebody speaks."""
    quiet_after_s: float = 3.0
    """Nobody speaks if there was no live request for so long."""
    most_turnaround_s: float = 1.0
    """Live work is near its limit from here on."""
    look_again_s: float = 0.5

    def rest(self, step_s: float, rested_s: float, load: LiveLoad) -> float:
        """Return how long to rest before the next step, in seconds; 0 to begin it.

        Live work may end or grow meanwhile: ask again at least every ``look_again_s``.

        Args:
            step_s: what the last step took.
            rested_s: how long ago it ended.
            load: live work now.
        """
        if load.quiet_s >= self.quiet_after_s:
            return 0.0
        if load.turnaround_s >= self.most_turnaround_s:
            return self.look_again_s
        return max(0.0, step_s * (1 / self.share - 1) - rested_s)
