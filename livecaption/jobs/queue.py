"""What a queue of jobs promises, whatever keeps it.

- A job that was submitted is durable: it ends ``done`` or ``failed``, or its owner cancels it.
- It is finished at most once: a claim that was lost changes nothing any more.
- What waits is bounded, for each owner and in all.
- Owners take turns: who has less running goes first, then who has waited longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from livecaption.core.file_transcript import FileTranscript
from livecaption.errors import LiveCaptionError, Overloaded
from livecaption.jobs.records import Claim, Delivery, Job, JobProblem, NewJob

__all__ = [
    "Census",
    "ClaimLost",
    "DeliveryBox",
    "JobQueue",
    "JobsFull",
    "QueueLimits",
    "Recovered",
    "check_limits",
]


class JobsFull(Overloaded):
    """Too many jobs wait already."""

    code = "too_many_jobs"


class ClaimLost(LiveCaptionError):
    """Somebody cancelled the job, or it was given to another process: stop working on it."""

    code = "claim_lost"


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bounds of a queue."""

    waiting: int = 100
    """Jobs that wait, in all."""
    per_owner: int | None = None
    """Jobs of one owner that have not ended; None for no bound but that of all."""
    running_per_owner: int = 1


@dataclass(frozen=True, slots=True)
class Census:
    """How many jobs there are."""

    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of jobs whose process died."""

    again: int = 0
    failed: int = 0


def check_limits(limits: QueueLimits, allowance: int | None, *, waiting: int, own: int) -> None:
    """Say whether one more job fits.

    Args:
        limits: the bounds.
        allowance: the owner's own bound, if there is one.
        waiting: jobs that wait, of all owners.
        own: jobs of the owner that have not ended.

    Raises:
        JobsFull: it does not.
    """
    most = allowance or limits.per_owner
    if most is not None and own >= most:
        raise JobsFull(f"{own} of your jobs have not ended; wait for one.", retry_after=60.0)
    if waiting >= limits.waiting:
        raise JobsFull("Too many jobs wait already; come back later.", retry_after=60.0)


class DeliveryBox(Protocol):
    """Results on their way out of the house: each arrives, or is given up visibly.

    One that was taken and not settled, because the process died, is handed out again after a
    minute; so a receiver may get it twice.
    """

    async def take(self) -> Delivery | None:
        """Take one that is due; nobody else gets it meanwhile."""

    async def next_at(self) -> float | None:
        """Return when the next one is due, in seconds since the epoch."""

    async def settle(self, delivery: Delivery) -> None:
        """Write down what became of it: state, attempts, due time and problem."""


class JobQueue(Protocol):
    """Use it from one event loop."""

    @property
    def deliveries(self) -> DeliveryBox:
        """The results on their way out."""

    # -- for the owner ------------------------------------------------------------------------

    async def check_room(self, owner: str, allowance: int | None = None) -> None:
        """Say before an upload whether ``submit`` would have room.

        Args:
            owner: whose job it would be.
            allowance: see ``NewJob.allowance``.

        Raises:
            JobsFull: it would not.
        """

    async def submit(self, new: NewJob) -> Job:
        """Take a job; it is durable when this returns.

        Raises:
            JobsFull: there are too many already.
        """

    async def get(self, job_id: str) -> Job | None:
        """Return a job; None when there is none, or it was cancelled."""

    async def list_jobs(self, owner: str, *, limit: int, before: str | None = None) -> list[Job]:
        """Return an owner's jobs, the newest first; those behind the job ``before`` if given."""

    async def result(self, job_id: str) -> FileTranscript | None:
        """Return what a job brought; None unless it is done."""

    async def cancel(self, job_id: str) -> bool:
        """Forget a job and its result, whatever its state; say whether there was one.

        One that runs is no longer found either, and its worker stops at its next report.
        """

    # -- for who works ------------------------------------------------------------------------

    async def arrival(self, timeout_s: float) -> None:
        """Wait until something may have changed that makes ``claim`` worth a try."""

    async def ended(self, timeout_s: float) -> None:
        """Wait until a job may have ended that has something to deliver."""

    async def claim(self) -> Claim | None:
        """Take the next job whose turn it is; None when there is none."""

    async def keep(self, claim: Claim) -> None:
        """Say that its process lives; due every ``keep_s``.

        Raises:
            ClaimLost: the job is somebody else's, or cancelled.
        """

    @property
    def keep_s(self) -> float:
        """Seconds between two ``keep``."""

    async def progress(self, claim: Claim, done_s: float, duration_s: float) -> None:
        """Say how far it is.

        Raises:
            ClaimLost: the job is somebody else's, or cancelled.
        """

    async def finish(self, claim: Claim, transcript: FileTranscript) -> None:
        """Store the result and end the job, in one step.

        Raises:
            ClaimLost: the job is somebody else's, or cancelled; nothing is stored.
        """

    async def fail(self, claim: Claim, problem: JobProblem) -> None:
        """End the job.

        Raises:
            ClaimLost: the job is somebody else's, or cancelled.
        """

    async def release(self, claim: Claim) -> None:
        """Give the job back as if it had not been begun; one that is lost or cancelled stays so."""

    async def recover(self) -> Recovered:
        """Take back the jobs of processes that died; not those of living ones."""

    # -- for the house ------------------------------------------------------------------------

    async def census(self) -> Census:
        """Count the jobs that have not ended."""

    async def needed(self) -> frozenset[str]:
        """Return the ids of all jobs whose upload is still needed."""

    async def sweep(self, *, ended_before: float) -> int:
        """Forget jobs that ended before a time; return how many. Pending deliveries hold one."""

    async def aclose(self) -> None:
        """Let go of what keeps it."""
