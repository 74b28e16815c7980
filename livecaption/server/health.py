"""Liveness and readiness."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from livecaption.server.doorkeeper import Doorkeeper
from livecaption.server.hub import CaptionHub

__all__ = ["alive", "ready"]


async def alive(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /healthz``: the process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """``GET /readyz``: the model has answered and new speakers are welcome; 503 otherwise.

    Browsers hide why a socket was refused, so the page asks here, too; and whether it needs a key.
    """
    hub: CaptionHub = request.app.state.hub
    model = {
        "name": hub.model.name,
        "device": hub.model.device,
        "compute_type": hub.model.compute_type,
    }
    status = hub.status
    headers = {} if status == "ready" else {"Retry-After": "5"}
    code = 200 if status == "ready" else 503
    keeper: Doorkeeper = request.app.state.doorkeeper
    access = "key" if keeper.keys.is_on else "open"
    answer = {"status": status, "model": model, "access": access}
    return JSONResponse(answer, code, headers=headers)
