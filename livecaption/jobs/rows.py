"""Rows of the tables of jobs as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.packing import unpack_options
from livecaption.jobs.records import Delivery, DeliveryState, Job, JobProblem, Kind

__all__ = ["DELIVERY_COLUMNS", "JOB_COLUMNS", "delivery_of", "job_of"]

JOB_COLUMNS = (
    "id, owner, state, options, file_name, size, created_at, attempts, started_at, ended_at, "
    "done_s, duration_s, problem_code, problem"
)
DELIVERY_COLUMNS = "job, kind, target, state, attempts, due_at, problem"


def job_of(row: Sequence[Any], deliveries: Sequence[Sequence[Any]]) -> Job:
    """Return a job from its row and those of its deliveries."""
    (job_id, owner, state, options, file_name, size, created_at, *rest) = row
    (attempts, started_at, ended_at, done_s, duration_s, code, problem) = rest
    return Job(
        job_id,
        owner,
        JobState(state),
        unpack_options(options),
        file_name,
        size,
        created_at,
        attempts,
        started_at,
        ended_at,
        done_s,
        duration_s,
        None if code is None else JobProblem(code, problem),
        tuple(delivery_of(each) for each in deliveries),
    )


def delivery_of(row: Sequence[Any]) -> Delivery:
    """Return a delivery from its row."""
    job, kind, target, state, attempts, due_at, problem = row
    return Delivery(job, Kind(kind), target, DeliveryState(state), attempts, due_at, problem)
