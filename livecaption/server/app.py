"""Routes and lifespan. Everything is injected, so that tests can put a scripted engine in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from livecaption.core.gate import IsSpeech
from livecaption.egress.sink import Sink
from livecaption.engine.batcher import Batcher
from livecaption.metrics.gpu import GpuMonitor, load_nvml
from livecaption.metrics.meters import Meters
from livecaption.server import qr
from livecaption.server.access_log import AccessLog
from livecaption.server.admin import admin_routes
from livecaption.server.counters import Counters
from livecaption.server.doorkeeper import Doorkeeper
from livecaption.server.file_routes import file_routes, unroutable
from livecaption.server.gate import Gate
from livecaption.server.guard import Guard, failed
from livecaption.server.health import alive, ready
from livecaption.server.housekeeping import keep_house
from livecaption.server.hub import CaptionHub
from livecaption.server.job_house import allowance_of
from livecaption.server.job_routes import job_routes
from livecaption.server.job_service import BackgroundFiles, working_jobs
from livecaption.server.key_ring import KeyRing
from livecaption.server.limiter import Limiter
from livecaption.server.live_track import live_track_routes
from livecaption.server.loop_lag import watch_loop
from livecaption.server.metrics_port import Scrapes, metrics
from livecaption.server.mishaps import Mishaps
from livecaption.server.openai_routes import openai_routes
from livecaption.server.openapi import docs_routes
from livecaption.server.pages import STATIC, mic_page, overlay_page, watch_page
from livecaption.server.publish import publish
from livecaption.server.room_routes import routes as room_routes
from livecaption.server.sinks import fed_sinks
from livecaption.server.text_file import live_text_file
from livecaption.server.token_routes import token_routes
from livecaption.server.transcripts import transcript_routes
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
        async with AsyncExitStack() as held:
            gpus = GpuMonitor(load_nvml())
            held.callback(gpus.close)
            store = await TranscriptStore.open(settings.transcripts)
            held.push_async_callback(store.aclose)
            keys = await KeyRing.open(settings)
            held.push_async_callback(keys.aclose)
            settings.check_exposure(has_keys=keys.is_on)
            hub = CaptionHub(settings, batcher, store, new_detector, app.state.meters)
            hub.sinks = tuple(new_sinks())
            keys.on_gone = hub.dismiss
            counters = Counters.open(settings.limits.storage)
            held.push_async_callback(counters.aclose)
            hub.limiter = app.state.limiter = Limiter(settings.limits, counters, hub.meters)
            app.state.doorkeeper = Doorkeeper(keys, hub.links, hub.limiter, settings)
            async with asyncio.TaskGroup() as tasks:
                hub.sessions.tasks = tasks
                tasks.create_task(batcher.run())
                tasks.create_task(hub.recorder.run())
                background = [
                    tasks.create_task(keep_house(store, settings)),
                    tasks.create_task(watch_loop(hub.meters.loop_lag)),
                ]
                tasks.create_task(keys.keep())
                await hub.sessions.adopt()
                app.state.hub = hub
                app.state.scrapes = Scrapes.of(hub, gpus)
                tasks.create_task(hub.try_model())
                async with (
                    live_text_file(settings, hub.rooms),
                    fed_sinks(hub.rooms, hub.sinks),
                    working_jobs(
                        settings,
                        BackgroundFiles(hub.files, hub.ready.wait),
                        allowance_of(keys, settings),
                        hub.meters,
                    ) as jobs,
                ):
                    hub.jobs = app.state.jobs = jobs
                    yield
                for task in background:
                    task.cancel()
                keys.leave()
                hub.sessions.abandon()
                hub.files.stop()
                hub.files.close()
                await batcher.aclose()
                await hub.recorder.aclose()

    app = Starlette(
        routes=[
            Route("/", mic_page),
            Route("/overlay/{room}", overlay_page),
            Route("/watch/{room}", watch_page),
            *qr.routes,
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            *admin_routes,
            *docs_routes,
            *token_routes,
            *room_routes,
            WebSocketRoute("/ws/publish", publish),
            WebSocketRoute("/ws/watch", watch),
            *transcript_routes(),
            *live_track_routes(),
            *file_routes,
            *openai_routes,
            *job_routes,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(AccessLog),
            Middleware(Mishaps),
            Middleware(Guard, settings=settings),
            Middleware(Gate),
        ],
        exception_handlers={HTTPException: unroutable, Exception: failed},
        lifespan=lifespan,
    )
    # From the first request on, which may come before the model is there.
    app.state.meters = Meters()
    return app
