"""Jobs as data. Pure: times are seconds since the epoch, and come from outside."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from livecaption.core.file_transcript import FileOptions
from livecaption.jobs.lifecycle import JobState

__all__ = [
    "LOST",
    "Claim",
    "Delivery",
    "DeliveryState",
    "Job",
    "JobProblem",
    "Kind",
    "NewJob",
    "Order",
    "new_job_id",
]


def new_job_id() -> str:
    """Return a name that nobody can guess: 128 bits."""
    return "j_" + secrets.token_urlsafe(16)


class Kind(StrEnum):
    """Ways out of the house."""

    WEBHOOK = "webhook"
    S3 = "s3"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up: refused for good, or tried often enough."""


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery that is due once its job has ended."""

    kind: Kind
    target: str = field(repr=False)
    """An address; it may hold a secret, so it is shown to nobody but the job's owner."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One result on its way to one place."""

    job: str
    kind: Kind
    target: str = field(repr=False)
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    due_at: float | None = None
    """When it is tried next; None before its job has ended, and once it is settled."""
    problem: str | None = None
    """What went wrong last, in words."""

    @property
    def is_pending(self) -> bool:
        """Whether it may still arrive."""
        return self.state is DeliveryState.PENDING


@dataclass(frozen=True, slots=True)
class JobProblem:
    """Why a job failed: a stable code, and a sentence for its owner."""

    code: str
    message: str


LOST = JobProblem(
    "process_died",
    "The server stopped twice while it worked on this file. It may be what stopped it; send it "
    "again only if you know better.",
)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A file that has arrived in the upload folder, under the job's id."""

    id: str
    owner: str
    """Who may see it: the id of a key; empty where there are no keys."""
    options: FileOptions
    file_name: str
    """As the client called it; for the client only."""
    size: int
    """Bytes."""
    orders: tuple[Order, ...] = ()
    allowance: int | None = None
    """How many jobs its owner may have that have not ended; None for the queue's own bound."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its owner may know it."""

    id: str
    owner: str
    state: JobState
    options: FileOptions
    file_name: str
    size: int
    created_at: float
    attempts: int = 0
    """How often it was begun, by processes that did not give it back."""
    started_at: float | None = None
    ended_at: float | None = None
    done_s: float = 0.0
    """Seconds of the file that are transcribed."""
    duration_s: float | None = None
    """Seconds; None until it is known."""
    problem: JobProblem | None = None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job, which ends when somebody cancels it or it is given to another."""

    job: Job
    token: str = field(repr=False)
