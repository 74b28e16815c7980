"""Refusals over HTTP, all in one form: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

import math

from starlette.responses import JSONResponse

__all__ = ["refusal"]


def refusal(
    status: int, code: str, message: str, *, retry_after: float | None = None
) -> JSONResponse:
    """Return an answer that says whose fault it is and what to do.

    Args:
        status: HTTP status.
        code: short stable identifier.
        message: one sentence.
        retry_after: seconds after which it makes sense to come back.
    """
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)
