"""Routes and lifespan. Everything is injected, so that tests can put a scripted engine in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from livecaption.core.gate import IsSpeech
from livecaption.egress.sink import Sink
from livecaption.engine.batcher import Batcher
from livecaption.server.guard import Guard
from livecaption.server.health import alive, ready
from livecaption.server.housekeeping import keep_house
from livecaption.server.hub import CaptionHub
from livecaption.server.pages import STATIC, mic_page, overlay_page, watch_page
from livecaption.server.publish import publish
from livecaption.server.sinks import fed_sinks
from livecaption.server.watch import watch
from livecaption.settings import Settings
from livecaption.storage.store import TranscriptStore

__all__ = ["build_app"]


def build_app(
    settings: Settings,
    new_batcher: Callable[[], Batcher],
    new_detector: Callable[[], IsSpeech],
    new_sinks: Callable[[], Sequence[Sink]] = tuple,
) -> Starlette:
    """Return the application.

    Args:
        settings: frozen settings.
        new_batcher: makes the batcher around the resident model; called on the event loop.
        new_detector: makes the speech detector of one session.
        new_sinks: makes what takes captions out to other services.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        batcher = new_batcher()
        store = await TranscriptStore.open(settings.transcripts)
        try:
            hub = CaptionHub(settings, batcher, store, new_detector)
            async with asyncio.TaskGroup() as tasks:
                hub.sessions.tasks = tasks
                tasks.create_task(batcher.run())
                tasks.create_task(hub.recorder.run())
                keeping = tasks.create_task(keep_house(store, settings))
                await hub.sessions.adopt()
                app.state.hub = hub
                tasks.create_task(hub.try_model())
                async with fed_sinks(hub.rooms, new_sinks()):
                    yield
                    keeping.cancel()
                    hub.sessions.abandon()
                    await batcher.aclose()
                    await hub.recorder.aclose()
        finally:
            await store.aclose()

    return Starlette(
        routes=[
            Route("/", mic_page),
            Route("/overlay/{room}", overlay_page),
            Route("/watch/{room}", watch_page),
            Route("/healthz", alive),
            Route("/readyz", ready),
            WebSocketRoute("/ws/publish", publish),
            WebSocketRoute("/ws/watch", watch),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, settings=settings)],
        lifespan=lifespan,
    )
