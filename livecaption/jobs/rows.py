"""Rows of the tables of jobs as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.packing import unpack_options
from livecaption.jobs.records import Delivery, DeliveryState, Job, JobProblem, Kind
from livecaption.jobs.tables import JobTables, Transaction

__all__ = ["DELIVERY_COLUMNS", "JOBS", "delivery_of", "fetch_job", "whole_job"]

_JOB_COLUMNS = (
    "id, owner, state, options, file_name, size, created_at, attempts, started_at, ended_at, "
    "done_s, duration_s, problem_code, problem"
)
JOBS = f"SELECT {_JOB_COLUMNS} FROM job WHERE state != 'cancelled'"  # noqa: S608
"""To be followed by further conditions."""
DELIVERY_COLUMNS = "job, kind, target, state, attempts, due_at, problem"


async def fetch_job(where: JobTables | Transaction, job_id: str) -> Job | None:
    """Return a job; None when there is none, or it was cancelled."""
    rows = await where.fetch(JOBS + " AND id = ?", job_id)
    return await whole_job(where, rows[0]) if rows else None


async def whole_job(where: JobTables | Transaction, row: tuple[Any, ...]) -> Job:
    """Return the job of a row of ``JOBS``, with its deliveries."""
    deliveries = await where.fetch(
        f"SELECT {DELIVERY_COLUMNS} FROM delivery WHERE job = ? ORDER BY kind",  # noqa: S608
        row[0],
    )
    return _job_of(row, deliveries)


def _job_of(row: Sequence[Any], deliveries: Sequence[Sequence[Any]]) -> Job:
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
