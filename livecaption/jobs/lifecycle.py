"""What may happen to a job, as a table. Pure.

::

    queued ──claim──▶ running ──finish──▶ done
      ▲ │               │ │ └────fail───▶ failed ◀─────────┐
      │ └──cancel──┐    │ └─────lose────▶ queued, or failed: its process died with it
      │            ▼    ▼
      └─release── cancelled ◀─cancel (running)

``release`` gives a job back unharmed: the server goes down, or the engine has no time for it. That
is no attempt. ``lose`` is what ``recover`` finds after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from livecaption.errors import LiveCaptionError

__all__ = ["MOST_ATTEMPTS", "TRANSITIONS", "JobState", "NotPossible", "Step", "after", "lost"]

MOST_ATTEMPTS = 2
"""A file whose processing ended the process twice is what ended it."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Step(StrEnum):
    """What happens to a job."""

    CLAIM = "claim"
    RELEASE = "release"
    FINISH = "finish"
    FAIL = "fail"
    LOSE = "lose"
    """Its process died; another attempt is left."""
    GIVE_UP = "give_up"
    """Its process died once too often."""
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[JobState, Step], JobState] = MappingProxyType(
    {
        (JobState.QUEUED, Step.CLAIM): JobState.RUNNING,
        (JobState.QUEUED, Step.CANCEL): JobState.CANCELLED,
        (JobState.RUNNING, Step.RELEASE): JobState.QUEUED,
        (JobState.RUNNING, Step.FINISH): JobState.DONE,
        (JobState.RUNNING, Step.FAIL): JobState.FAILED,
        (JobState.RUNNING, Step.LOSE): JobState.QUEUED,
        (JobState.RUNNING, Step.GIVE_UP): JobState.FAILED,
        (JobState.RUNNING, Step.CANCEL): JobState.CANCELLED,
    }
)
"""Every step there is; anything else is a mistake of the caller."""


class NotPossible(LiveCaptionError):
    """A step that the job's state does not allow."""

    code = "not_possible"


def after(state: JobState, step: Step) -> JobState:
    """Return the state after a step.

    Raises:
        NotPossible: the table has no such step.
    """
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise NotPossible(f"A job that is {state} takes no step “{step}”.") from None


def lost(attempts: int) -> Step:
    """Return the step for a job whose process died during its ``attempts``-th attempt."""
    return Step.LOSE if attempts < MOST_ATTEMPTS else Step.GIVE_UP
