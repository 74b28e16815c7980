"""uvicorn, told how to live with sockets that last for hours and to go down without losing words.

Plain uvicorn closes every WebSocket with 1012 the moment it gets SIGTERM, before the application
can send the last caption. So the first signal drains: new work is refused, sessions end, their
last captions go out; only then uvicorn shuts down. A second signal does not wait. Where the server
has a process of its own (``run``), that process is gone in time whatever hangs.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
import time
from contextlib import AsyncExitStack
from functools import partial
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette

from livecaption.errors import EngineError, OperatorError
from livecaption.protocol.limits import MAX_FRAME_BYTES
from livecaption.server.crowd import Crowd
from livecaption.server.http_protocol import CaptionHTTPProtocol
from livecaption.server.hub import CaptionHub
from livecaption.server.last_resort import WAY_DOWN_S, end_within
from livecaption.server.metrics_port import served_metrics
from livecaption.server.socket_protocol import CaptionSocketProtocol
from livecaption.server.wire_limits import WireLimits
from livecaption.settings import Settings

__all__ = ["LiveServer", "bind"]

_STRAGGLERS_S = 2
"""For answers that are still being sent when all sockets are closed."""
_MOST_WAY_DOWN_S = 10.0
"""For what comes behind the last captions, when these came soon."""
_FORCED_S = 1.0

_GC_THRESHOLDS = (20_000, 20, 50)
"""New objects before a young collection, of which how many before an older, and a full one."""


class LiveServer(uvicorn.Server):
    """A uvicorn server that drains first.

    Args:
        app: the application.
        settings: frozen settings.
        metrics_listener: where metrics are served beside; None for nowhere.
        wire: what peers may do before the application knows them; None for what settings say.
    """

    def __init__(
        self,
        app: Starlette,
        settings: Settings,
        metrics_listener: socket.socket | None = None,
        wire: WireLimits | None = None,
    ) -> None:
        wire = wire or WireLimits.of(settings)
        self.crowd = Crowd(wire, app.state.meters)
        # uvicorn only calls them, with arguments of its own.
        ours: Any = {"wire": wire, "crowd": self.crowd}
        http, ws = partial(CaptionHTTPProtocol, **ours), partial(CaptionSocketProtocol, **ours)
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                h11_max_incomplete_event_size=wire.head_bytes,
                http=cast("type[asyncio.Protocol]", http),
                ws=cast("type[asyncio.Protocol]", ws),
                # A room lives in one process, whatever WEB_CONCURRENCY says.
                workers=1,
                # Compression saves nothing on audio and unbinds the size limit; and without it an
                # event is the same bytes for every reader.
                ws_per_message_deflate=False,
                ws_max_size=MAX_FRAME_BYTES,
                ws_ping_interval=settings.ping_s,
                ws_ping_timeout=settings.ping_s,
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                timeout_graceful_shutdown=_STRAGGLERS_S,
            )
        )
        self._app = app
        self._settings = settings
        self._metrics_listener = metrics_listener
        self._beside = AsyncExitStack()
        self._draining: asyncio.Task[None] | None = None
        self._owns_process = False
        self._gone_by = 0.0
        """When the process has to be gone, on the monotonic clock; once a signal has come."""

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve in a process of its own until a signal has drained the server.

        Raises:
            SystemExit: a second signal forced it; with status 1.
        """
        self._owns_process = True
        super().run(sockets)
        if self.force_exit:
            raise SystemExit(1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Drain on the first signal, leave at once on the second."""
        if self._draining is not None or not self.started:
            self.force_exit = self._draining is not None
            self.should_exit = True
            self._be_gone_within(_MOST_WAY_DOWN_S)
            return
        self._gone_by = time.monotonic() + self._settings.drain_s + WAY_DOWN_S
        self._be_gone_within(self._gone_by - time.monotonic())
        # Not in a task group: this is a signal handler, and the task outlives no group. It is
        # kept in an attribute and ends before the server does.
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; metrics are served beside, until the very end of the way down."""
        await super().startup(sockets)
        if self._metrics_listener is not None and not self.should_exit:
            metrics = served_metrics(self._app, self._settings, self._metrics_listener)
            await self._beside.enter_async_context(metrics)
        _calm_the_collector()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop both."""
        await self._beside.aclose()
        await super().shutdown(sockets)

    async def wait_ready(self) -> None:
        """Return once the model has answered; for those who run the server in their own loop.

        Raises:
            EngineError: the model does not answer.
        """
        while not self.started:
            if self.should_exit:
                raise EngineError("The server stopped before it was ready.")
            await asyncio.sleep(0.01)
        hub: CaptionHub = self._app.state.hub
        await hub.wait_ready()

    def leave(self) -> None:
        """Shut down as after a signal."""
        self.handle_exit(signal.SIGTERM, None)

    async def _drain(self) -> None:
        hub: CaptionHub = self._app.state.hub
        try:
            await hub.drain()
        finally:
            self.should_exit = True
            left = max(_FORCED_S, self._gone_by - time.monotonic())
            self._be_gone_within(min(_MOST_WAY_DOWN_S, left))
            if threading.current_thread() is threading.main_thread():
                # From here on a further signal ends the process at once.
                for sig in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(sig, signal.SIG_DFL)

    def _be_gone_within(self, seconds: float) -> None:
        """Be so in less time when a second signal has forced it."""
        if self._owns_process:
            end_within(_FORCED_S if self.force_exit else seconds)


def _calm_the_collector() -> None:
    """Let the garbage collector look at sessions only, and less often.

    A full collection goes through every object there is, and every socket waits: 100 ms with a
    thousand sessions. Modules and the model's tables live as long as the process, so they need
    not be looked at; and what sessions leave behind is freed by counting references.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def bind(settings: Settings) -> socket.socket:
    """Return a listening socket.

    Raises:
        OperatorError: the address cannot be had; the sentence says why and what to do.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Captions are small: a small send buffer makes a stalled reader visible soon.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A reader that stalls is given up by the kernel as well, when it would have failed a ping;
        # event streams have no pings.
        patience_ms = int(2000 * settings.ping_s)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience_ms)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(1024)
    except OSError as exc:
        listener.close()
        raise OperatorError(
            f"Cannot listen on {settings.host}:{settings.port}: {exc.strerror}. "
            "Another program may use the port; choose another with --port."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 - the socket API
    return listener
