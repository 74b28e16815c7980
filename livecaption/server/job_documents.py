"""Jobs as their owners read them, over HTTP and in webhooks. Pure."""

from __future__ import annotations

from typing import Any

from livecaption.core.timeline import iso_time
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.records import Delivery, Job, Kind

__all__ = ["described", "job_url", "transcript_url"]


def job_url(job_id: str) -> str:
    """Return where a job is found."""
    return f"/v1/jobs/{job_id}"


def transcript_url(job_id: str) -> str:
    """Return where its result is found."""
    return f"{job_url(job_id)}/transcript"


def described(job: Job) -> dict[str, Any]:
    """Return a job as JSON takes it; times as text, lengths in seconds, ``progress`` 0 to 1."""
    problem = job.problem
    return {
        "id": job.id,
        "status": str(job.state),
        "url": job_url(job.id),
        "transcript_url": transcript_url(job.id) if job.state is JobState.DONE else None,
        "file": job.file_name,
        "bytes": job.size,
        "language": job.options.language,
        "task": job.options.task,
        "created_at": iso_time(job.created_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "attempts": job.attempts,
        "progress": _progress(job),
        "done_s": round(job.done_s, 3),
        "duration": None if job.duration_s is None else round(job.duration_s, 3),
        "error": None if problem is None else {"code": problem.code, "message": problem.message},
        "deliveries": [_delivery(delivery) for delivery in job.deliveries],
    }


def _progress(job: Job) -> float:
    if job.state is JobState.DONE:
        return 1.0
    return round(min(1.0, job.done_s / job.duration_s), 3) if job.duration_s else 0.0


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "kind": str(delivery.kind),
        "status": str(delivery.state),
        # The address of a webhook may hold a secret; logs of who reads this need not.
        "target": None if delivery.kind is Kind.WEBHOOK else delivery.target,
        "attempts": delivery.attempts,
        "next_attempt_at": _time(delivery.due_at),
        "problem": delivery.problem,
    }


def _time(epoch_s: float | None) -> str | None:
    return None if epoch_s is None else iso_time(epoch_s)
