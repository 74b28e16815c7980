"""Liveness and readiness."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from livecaption.server.hub import CaptionHub

__all__ = ["alive", "ready"]


async def alive(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /healthz``: the process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """``GET /readyz``: the model has answered and new work is welcome; 503 otherwise."""
    hub: CaptionHub = request.app.state.hub
    model = {
        "name": hub.model.name,
        "device": hub.model.device,
        "compute_type": hub.model.compute_type,
    }
    if hub.failed is not None:
        status = "failed"
    elif hub.draining:
        status = "draining"
    else:
        status = "ready" if hub.ready.is_set() else "loading"
    headers = {} if status == "ready" else {"Retry-After": "5"}
    code = 200 if status == "ready" else 503
    return JSONResponse({"status": status, "model": model}, code, headers=headers)
