"""``/metrics``: on the main port for those with the role, and on a port of its own.

The port of its own is for a Prometheus beside the server: plain HTTP without keys, on loopback
unless told otherwise. Liveness and readiness are answered there, too, so that probes need not come
through the door that the audience comes through.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from livecaption.errors import OperatorError
from livecaption.metrics.doors import observe_meters
from livecaption.metrics.exposition import Collect, Exposition
from livecaption.metrics.gpu import GpuMonitor
from livecaption.server.answers import refusal
from livecaption.server.crowd import Crowd
from livecaption.server.guard import LOOPBACK_NAMES, host_of
from livecaption.server.health import alive, ready
from livecaption.server.http_protocol import CaptionHTTPProtocol
from livecaption.server.hub import CaptionHub
from livecaption.server.observed import observe_hub
from livecaption.server.wire_limits import WireLimits
from livecaption.settings import Settings, is_loopback

__all__ = ["Scrapes", "bind_metrics", "metrics", "metrics_served", "served_metrics"]

_MOST_CONNECTIONS = 32
"""A few Prometheus and probes; they do not take the descriptors of the audience."""


class Scrapes:
    """Answers scrapes of one process.

    Args:
        gpus: closed by whoever made it.
        collect: see ``Exposition``.
    """

    def __init__(self, gpus: GpuMonitor, *collect: Collect) -> None:
        self.gpus = gpus
        self._exposition = Exposition(*collect, gpus.families)

    @classmethod
    def of(cls, hub: CaptionHub, gpus: GpuMonitor) -> Scrapes:
        """Return those of a server."""
        return cls(gpus, lambda: observe_hub(hub), lambda: observe_meters(hub.meters))

    async def text(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics as they are now, and their content type."""
        await self.gpus.refresh()
        return self._exposition.text(accept)


async def metrics(request: Request) -> Response:
    """``GET /metrics``: Prometheus's text, or OpenMetrics for those who ask for it."""
    scrapes: Scrapes = request.app.state.scrapes
    text, content_type = await scrapes.text(request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def bind_metrics(settings: Settings) -> socket.socket | None:
    """Return a listening socket for the port of its own; None when there is to be none.

    Raises:
        OperatorError: the address cannot be had.
    """
    if settings.metrics_port is None:
        return None
    host = settings.metrics_host
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), settings.metrics_port))
        listener.listen(64)
    except OSError as exc:
        listener.close()
        raise OperatorError(
            f"Metrics cannot be served on {host}:{settings.metrics_port}: {exc.strerror}. "
            "Choose another --metrics-port."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 - the socket API
    return listener


@asynccontextmanager
async def served_metrics(
    main: Starlette, settings: Settings, listener: socket.socket
) -> AsyncIterator[None]:
    """Serve the metrics of an application on a port of their own while the block runs."""
    probes = [Route("/healthz", alive), Route("/readyz", ready)]
    async with metrics_served(main.state, probes, settings, listener):
        yield


@asynccontextmanager
async def metrics_served(
    state: State, probes: list[Route], settings: Settings, listener: socket.socket
) -> AsyncIterator[None]:
    """Serve metrics and probes on a port of their own while the block runs.

    Args:
        state: what their handlers find in ``request.app.state``, the ``scrapes`` among it.
        probes: routes besides ``/metrics``.
        settings: whether the address is this machine's.
        listener: see ``bind_metrics``.
    """
    app = Starlette(
        routes=[Route("/metrics", metrics), *probes],
        middleware=[Middleware(_HostCheck, local=is_loopback(settings.metrics_host))],
    )
    app.state = state
    wire = WireLimits(head_s=settings.head_timeout_s, connections=_MOST_CONNECTIONS)
    http = partial(CaptionHTTPProtocol, wire=wire, crowd=Crowd(wire))
    server = _QuietServer(
        uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", http),
            ws="none",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class _QuietServer(uvicorn.Server):
    """A second server in this process: signals are the first one's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _HostCheck:
    """Keeps pages away that have a name of their own resolve to loopback (DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, local: bool) -> None:
        self._app = app
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if self._local and not all(host_of(host) in LOOPBACK_NAMES for host in hosts):
            answer = refusal(400, "bad_host", "Metrics are served under loopback names only.")
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
