"""Where the parts of the server write down what happens at their doors.

One object for each server, handed to whoever needs it (``app.state.meters``). A call adds a number;
it never waits, fails or logs. What the parts count for themselves (sessions, batches, writes to the
disk) is not repeated here: it is read when somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from livecaption.access.rates import Limit
from livecaption.core.tally import DURATION_BOUNDS, Tally
from livecaption.metrics.count import Count

__all__ = ["CREDENTIALS", "REFUSALS", "Door", "JobOutcome", "Meters", "UploadOutcome"]


class Door(StrEnum):
    """Where somebody wants to come in."""

    PUBLISH = "publish"
    WATCH = "watch"
    EVENTS = "events"
    """A reader over Server-Sent Events."""
    HTTP = "http"


class UploadOutcome(StrEnum):
    """What became of a file that was sent to be transcribed."""

    DONE = "done"
    REFUSED = "refused"
    """The sender's fault: no audio, too long, too large."""
    FAILED = "failed"
    """Ours."""
    CANCELLED = "cancelled"
    QUEUED = "queued"
    """It became a job; what comes of that is counted as a job."""


class JobOutcome(StrEnum):
    """What became of a background job."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


CREDENTIALS = (
    "bad_key",
    "bad_token",
    "key_expired",
    "key_required",
    "key_revoked",
    "link_revoked",
    "not_allowed",
    "token_expired",
    "token_used",
)
"""Refusals because of what was shown, or was not; they are the ``code`` of the answer, too."""

REFUSALS = (
    *CREDENTIALS,
    "bad_file",
    "bad_form",
    "bad_frame",
    "bad_host",
    "bad_message",
    "bad_origin",
    "bad_request",
    "bad_room",
    "damaged_media",
    "full",
    "going_away",
    "internal",
    "no_file",
    "no_link",
    "no_room",
    "no_space",
    "no_start",
    "not_ready",
    "overloaded",
    "quota",
    "rate_limited",
    "secret_in_url",
    "too_large",
    "too_long",
    "too_many_jobs",
    "too_many_streams",
    "too_slow",
    "unsupported_language",
    "unsupported_media",
    "unsupported_task",
    "unsupported_version",
    "webhook_off",
)
"""Codes of refusals that are told apart; they are the ``code`` of the answer."""

_LOSSES = ("stalled", "overflowed")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET")

_LIMITS = (*Limit, "streams", "jobs", "sockets", "waiting", "connections")

_STATUSES = (*(str(status.value) for status in HTTPStatus), "499")
_MINUTES = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


def _durations() -> Tally:
    return Tally(DURATION_BOUNDS)


@dataclass(slots=True)
class Meters:
    """Counts since the server started."""

    admissions: Count = field(default_factory=lambda: Count(door=Door))
    refusals: Count = field(default_factory=lambda: Count(door=Door, reason=REFUSALS))
    slow_readers: Count = field(default_factory=lambda: Count(door=Door, reason=_LOSSES))
    requests: Count = field(default_factory=lambda: Count(method=_METHODS, status=_STATUSES))
    request_took: Tally = field(default_factory=_durations)
    auth_failures: Count = field(default_factory=lambda: Count(reason=CREDENTIALS))
    rate_limited: Count = field(default_factory=lambda: Count(limit=_LIMITS))
    uploads: Count = field(default_factory=lambda: Count(outcome=UploadOutcome))
    upload_bytes: float = 0.0
    upload_audio_s: float = 0.0
    upload_took: Tally = field(default_factory=lambda: Tally(_MINUTES))
    jobs: Count = field(default_factory=lambda: Count(outcome=JobOutcome))
    jobs_waiting: int = 0
    """Set by whoever keeps the jobs."""
    jobs_running: int = 0
    loop_lag: Tally = field(default_factory=_durations)
    """How late the event loop was, looked at twice a second."""

    def admitted(self, door: Door) -> None:
        """Somebody was let in."""
        self.admissions.add(door)

    def refused(self, door: Door, reason: str) -> None:
        """Somebody was turned away; ``reason`` is the ``code`` of the answer."""
        self.refusals.add(door, reason)
        if reason in CREDENTIALS:
            self.auth_failures.add(reason)

    def let_go(self, door: Door, reason: str) -> None:
        """A reader or publisher was closed because it did not take what was sent."""
        self.slow_readers.add(door, reason)

    def answered(self, method: str, status: int, took: float) -> None:
        """An HTTP request was answered; ``took`` seconds until its last byte."""
        self.requests.add(method, str(status))
        self.request_took.observe(took)

    def limited(self, limit: str) -> None:
        """A limit was reached: a ``Limit``, or streams, jobs, sockets, waiting."""
        self.rate_limited.add(limit)

    def uploaded(
        self,
        outcome: UploadOutcome,
        *,
        size: int,
        audio_s: float = 0.0,
        took: float | None = None,
    ) -> None:
        """A file has been dealt with.

        Args:
            outcome: what became of it.
            size: bytes received.
            audio_s: seconds of audio in it.
            took: seconds from its last byte to its transcript; None if there is none.
        """
        self.uploads.add(outcome)
        self.upload_bytes += size
        self.upload_audio_s += audio_s
        if took is not None:
            self.upload_took.observe(took)

    def job_ended(self, outcome: JobOutcome) -> None:
        """A background job is over."""
        self.jobs.add(outcome)
