"""``/v1/jobs``: files that nobody waits for. An owner sees its own jobs and no others."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption.core.file_exports import FILE_EXPORTS
from livecaption.errors import ClientError
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.records import Job
from livecaption.server.answers import refusal
from livecaption.server.demands import Family
from livecaption.server.doorkeeper import principal_of
from livecaption.server.file_requests import (
    answering,
    chosen,
    hub_of,
    is_set,
    options_of,
    taken_in,
)
from livecaption.server.job_documents import described, job_url
from livecaption.server.job_house import JobHouse

__all__ = ["job_routes"]

_MOST_LISTED = 200
_NAME = re.compile(r"[^\w.()+ -]+", re.ASCII)


def _house(request: Request) -> JobHouse:
    house: JobHouse = request.app.state.jobs
    return house


def _owner(request: Request) -> str:
    return principal_of(request).key or ""


async def _job(request: Request) -> Job | None:
    """Return the job that the path names, if it is the asker's own."""
    job = await _house(request).queue.get(request.path_params["id"])
    return job if job is not None and job.owner == _owner(request) else None


def _absent() -> Response:
    return refusal(404, "no_job", "There is no such job, or it is not yours.")


@answering(Family.NATIVE)
async def submit(request: Request) -> Response:
    """``POST /v1/jobs``: a form with a file; 202 with the job."""
    hub, house, owner = hub_of(request), _house(request), _owner(request)
    hub.check_new_work()
    await house.check_room(owner)
    async with taken_in(request) as upload:
        task = chosen(upload, "task", ("transcribe", "translate"))
        options = options_of(upload, hub.model, task=task, words=is_set(upload, "words"))
        orders = house.orders(upload.field("webhook"))
        job = await house.take(upload.file, upload.name, options, owner, orders)
        upload.fate.job = job.id
    return JSONResponse(described(job), 202, headers={"Location": job_url(job.id)})


@answering(Family.NATIVE)
async def list_jobs(request: Request) -> Response:
    """``GET /v1/jobs``: the newest first, with the address of the next page."""
    limit = _limit(request)
    before = request.query_params.get("before")
    jobs = await _house(request).queue.list_jobs(_owner(request), limit=limit + 1, before=before)
    page, more = jobs[:limit], len(jobs) > limit
    query = urlencode({"limit": limit, "before": page[-1].id}) if more else ""
    return JSONResponse(
        {
            "jobs": [described(job) for job in page],
            "next": f"{request.url.path}?{query}" if more else None,
        }
    )


@answering(Family.NATIVE)
async def show_job(request: Request) -> Response:
    """``GET /v1/jobs/{id}``: how far it is."""
    job = await _job(request)
    return _absent() if job is None else JSONResponse(described(job))


@answering(Family.NATIVE)
async def show_transcript(request: Request) -> Response:
    """``GET /v1/jobs/{id}/transcript``: the result in one of the formats."""
    name = request.query_params.get("format", "json")
    if name not in FILE_EXPORTS:
        choices = ", ".join(FILE_EXPORTS)
        raise ClientError(f"There is no such format; choose one of {choices}.", code="bad_format")
    job = await _job(request)
    if job is None:
        return _absent()
    transcript = await _house(request).queue.result(job.id)
    if transcript is None:
        return _not_done(job)
    export = FILE_EXPORTS[name]
    text = await run_in_threadpool(export.write, transcript, job.options.word_timestamps)
    stem = _NAME.sub("_", job.file_name.rpartition(".")[0] or job.file_name)[:80] or job.id
    headers = {
        "Content-Disposition": f'attachment; filename="{stem}.{export.extension}"',
        "Cache-Control": "private, no-cache",
    }
    return Response(text, headers=headers, media_type=export.content_type)


@answering(Family.NATIVE)
async def delete_job(request: Request) -> Response:
    """``DELETE /v1/jobs/{id}``: 204; cancels it if it has not ended."""
    job = await _job(request)
    if job is None or not await _house(request).delete(job):
        return _absent()
    return Response(status_code=204)


@answering(Family.NATIVE)
async def show_secret(request: Request) -> Response:
    """``GET /v1/webhook-secret``: what messages to the asker's key are signed with."""
    owner = _owner(request)
    secrets = _house(request).secrets.of(owner)
    if not owner or not secrets:
        # Without keys it is the operator's own secret, which is nobody's to read here.
        return refusal(
            404, "webhook_off", "There is no secret for you; see LIVECAPTION_WEBHOOK_SECRET."
        )
    return JSONResponse({"secret": secrets[0]}, headers={"Cache-Control": "no-store"})


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "50")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= _MOST_LISTED:
        raise ClientError(f"limit must be a whole number from 1 to {_MOST_LISTED}.")
    return int(text)


def _not_done(job: Job) -> Response:
    if job.state is JobState.FAILED and job.problem is not None:
        return refusal(409, "job_failed", job.problem.message)
    sentence = f"The job is {job.state}; ask again when its status is done."
    return refusal(409, "job_not_done", sentence, retry_after=5.0)


job_routes = [
    Route("/v1/jobs", submit, methods=["POST"]),
    Route("/v1/jobs", list_jobs),
    Route("/v1/jobs/{id}", show_job),
    Route("/v1/jobs/{id}", delete_job, methods=["DELETE"]),
    Route("/v1/jobs/{id}/transcript", show_transcript),
    Route("/v1/webhook-secret", show_secret),
]
"""To be put among the application's routes."""
