"""``POST /transcribe``: a file in, its text out; a long one becomes a job."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption.core.file_transcript import FileOptions, FileTranscript
from livecaption.core.subtitles import to_json
from livecaption.errors import MediaTooLong
from livecaption.files.jobs import FileJobs
from livecaption.server.answers import refusal
from livecaption.server.demands import Family
from livecaption.server.doorkeeper import principal_of
from livecaption.server.file_requests import (
    answering,
    chosen,
    hub_of,
    is_set,
    options_of,
    received_file,
    while_connected,
)
from livecaption.server.uploads import Upload

__all__ = ["file_routes", "unroutable"]

_OPENAI_PATHS = ("/v1/audio/", "/v1/models")
_CODES = {404: "not_found", 405: "method_not_allowed"}
_SENTENCES = {
    404: "There is nothing at this address; /docs lists what there is.",
    405: "This address does not take that method; /docs lists what each takes.",
}


@answering(Family.NATIVE)
async def transcribe(request: Request) -> Response:
    """``POST /transcribe``: 200 with the transcript, or 202 with a job."""
    hub = hub_of(request)
    async with received_file(request) as upload:
        task = chosen(upload, "task", ("transcribe", "translate"))
        options = options_of(upload, hub.model, task=task, words=is_set(upload, "words"))
        longest_s = hub.settings.wait_file_s if hub.jobs is not None else None
        try:
            transcript = await while_connected(
                request, hub.files.transcribe(upload.file, options, longest_s=longest_s)
            )
        except MediaTooLong as error:
            # A file that does not say how long it is may be too long for a job; the job says so.
            most_s = hub.settings.max_file_s
            too_long = (error.seconds or 0.0) > most_s
            if hub.jobs is None or longest_s is None or longest_s >= most_s or too_long:
                raise
            return await _as_job(request, hub.jobs, upload, options)
        upload.fate.audio_s = transcript.info.duration
    return JSONResponse(_described(transcript))


async def _as_job(
    request: Request, jobs: FileJobs, upload: Upload, options: FileOptions
) -> Response:
    owner = principal_of(request).key
    job = await jobs.submit(upload.file, upload.name, options, owner)
    upload.fate.job = job
    url = f"/v1/jobs/{job}"
    return JSONResponse({"id": job, "status": "queued", "url": url}, 202, headers={"Location": url})


def _described(transcript: FileTranscript) -> dict[str, object]:
    info = transcript.info
    document = to_json(
        transcript.segments,
        language=info.language,
        language_probability=info.language_probability,
        duration=info.duration,
    )
    return {"id": f"f_{secrets.token_urlsafe(9)}", **document}


async def unroutable(request: Request, error: Exception) -> Response:
    """Answer where there is no route, or not for this method, in the form of those around it."""
    assert isinstance(error, HTTPException)
    is_openai = request.url.path.startswith(_OPENAI_PATHS)
    answer = refusal(
        error.status_code,
        _CODES.get(error.status_code, "bad_request"),
        _SENTENCES.get(error.status_code, f"{error.detail}."),
        family=Family.OPENAI if is_openai else Family.NATIVE,
    )
    answer.headers.update(error.headers or {})
    return answer


file_routes = [Route("/transcribe", transcribe, methods=["POST"])]
"""To be put among the application's routes."""
