"""Refusals over HTTP, in the form of the routes they come from.

Ours is ``{"error": {"code", "message"}}``; routes that speak another service's dialect answer its
clients in that dialect.
"""

from __future__ import annotations

import math

from starlette.responses import JSONResponse

from livecaption.errors import (
    BadCredentials,
    ClientError,
    DamagedMedia,
    LiveCaptionError,
    MediaTooLong,
    NotAllowed,
    NotMedia,
    Overloaded,
    QuotaUsed,
    RateLimited,
)
from livecaption.jobs.queue import JobsFull
from livecaption.jobs.uploads import NoSpace
from livecaption.server.demands import Family

__all__ = ["answer_to", "refusal", "status_of"]

_STATUS: tuple[tuple[type[LiveCaptionError], int], ...] = (
    (BadCredentials, 401),
    (NotAllowed, 403),
    (QuotaUsed, 429),
    (RateLimited, 429),
    (JobsFull, 429),
    (NoSpace, 507),
    (Overloaded, 503),
    (NotMedia, 415),
    (DamagedMedia, 422),
    (MediaTooLong, 413),
    (ClientError, 400),
)

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}


def status_of(error: LiveCaptionError) -> int:
    """Return the HTTP status that tells whose fault an error is."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def answer_to(error: LiveCaptionError, family: Family = Family.NATIVE) -> JSONResponse:
    """Return the answer that carries an error, in the form of a family of routes."""
    retry = error.retry_after if isinstance(error, Overloaded | QuotaUsed) else None
    return refusal(status_of(error), error.code, str(error), retry_after=retry, family=family)


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    retry_after: float | None = None,
    family: Family = Family.NATIVE,
) -> JSONResponse:
    """Return an answer that says whose fault it is and what to do.

    Args:
        status: HTTP status.
        code: short stable identifier.
        message: one sentence.
        retry_after: seconds after which it makes sense to come back.
        family: in whose form.
    """
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="livecaption"'
    error: dict[str, str | None] = {"code": code, "message": message}
    if family is Family.OPENAI:
        usual = "server_error" if status >= 500 else "invalid_request_error"
        error |= {"type": _OPENAI_TYPES.get(status, usual), "param": None}
    return JSONResponse({"error": error}, status, headers=headers)
