"""For the person who runs the server: what it is doing, and emptying it for maintenance.

Draining here is gentler than a signal: the server stays, says on ``/readyz`` that it takes no new
work, refuses new speakers with ``Retry-After``, and lets everything that has begun go on to its own
end, over lost connections as well. Readers may come, because their speakers are still here. It can
be taken back.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption import __version__
from livecaption.core.audio import SAMPLE_RATE, seconds
from livecaption.core.tally import Tally
from livecaption.logs import room_tag
from livecaption.server.hub import CaptionHub
from livecaption.server.metrics_port import Scrapes
from livecaption.server.pages import admin_page
from livecaption.server.sessions import HeldSession

__all__ = ["LATE_S", "admin_routes"]

logger = logging.getLogger(__name__)

LATE_S = 3.0
"""Captions later than this are no longer live; a bound of the delay's tally."""


async def show_state(request: Request) -> Response:
    """``GET /v1/admin/state``: everything at one look; counters count since the start."""
    hub: CaptionHub = request.app.state.hub
    scrapes: Scrapes = request.app.state.scrapes
    await scrapes.gpus.refresh()
    state = {
        "version": __version__,
        "status": hub.status,
        "problem": hub.failed or hub.engine_trouble,
        "uptime_s": round(hub.uptime_s, 1),
        "model": {
            "name": hub.model.name,
            "device": hub.model.device,
            "compute_type": hub.model.compute_type,
        },
        "drain": _drain(hub),
        "streams": _streams(hub),
        "captions": _captions(hub),
        "engine": _engine(hub),
        "store": {
            "failing": hub.recorder.failing,
            "waiting": hub.recorder.kept,
            "lost": hub.recorder.given_up,
        },
        "refusals": {
            reason: count
            for reason, count in _by_reason(hub).items()
            if count  # the others are there at 0
        },
        "sinks": [
            {"service": sink.service, "room": sink.room, "troubled": sink.delivery.troubled}
            | asdict(sink.delivery.stats)
            for sink in hub.sinks
        ],
        "gpus": [asdict(reading) for reading in scrapes.gpus.latest],
        "rooms": [
            {
                "room": room.name,
                "tag": room_tag(room.name),
                "publishers": len(room.attached),
                "detached": len(room.detached),
                "watchers": len(room.subscribers),
            }
            for room in hub.rooms
        ],
        "sessions": [_session(held) for held in hub.sessions],
    }
    return JSONResponse(state, headers={"Cache-Control": "no-store"})


async def begin_drain(request: Request) -> Response:
    """``POST /v1/admin/drain``: take no new work; what has begun goes on."""
    hub: CaptionHub = request.app.state.hub
    if not hub.closing:
        hub.closing = True
        logger.warning("an operator empties the server: no new work is taken")
    return JSONResponse(_drain(hub), 202)


async def end_drain(request: Request) -> Response:
    """``DELETE /v1/admin/drain``: take new work again."""
    hub: CaptionHub = request.app.state.hub
    if hub.closing:
        hub.closing = False
        logger.warning("new work is taken again")
    return JSONResponse(_drain(hub))


def _drain(hub: CaptionHub) -> dict[str, Any]:
    return {"draining": hub.closing or hub.draining, "sessions_left": len(hub.sessions)}


def _streams(hub: CaptionHub) -> dict[str, Any]:
    active = sum(1 for held in hub.sessions if held.holder is not None)
    return {
        "active": active,
        "detached": len(hub.sessions) - active,
        "watchers": hub.watchers,
        "limit": hub.settings.max_streams,
        "capacity": hub.places,
    }


def _captions(hub: CaptionHub) -> dict[str, Any]:
    totals = hub.sessions.totals
    figures = totals.figures
    return {
        "audio_s": round(figures.samples / SAMPLE_RATE, 1),
        "words": figures.words,
        "commit_delay": _delay(figures.commit_delay),
        "first_text_delay": _delay(figures.first_text_delay),
        "gap_s": round(figures.gap_samples.total() / SAMPLE_RATE, 1),
        "rejected": totals.rejections.total(),
    }


def _delay(tally: Tally) -> dict[str, Any]:
    in_time = tally.cumulative[list(tally.bounds).index(LATE_S)]
    return {
        "count": tally.count,
        "total_s": round(tally.total, 3),
        "late": tally.count - in_time,
    }


def _engine(hub: CaptionHub) -> dict[str, Any]:
    stats = hub.batcher.stats
    return {
        "lanes": hub.model.workers,
        "queue": hub.batcher.waiting,
        "queue_jobs": hub.batcher.waiting_jobs,
        "busy_s": round(stats.busy_s, 3),
        "audio_s": round(stats.audio_s, 1),
        "batches": stats.batches,
        "rows": stats.rows,
        "failures": stats.failures,
        "refused": stats.refused,
        "turnaround_s": round(stats.turnaround_s, 3),
        "loop_lag": _lag(hub.meters.loop_lag),
    }


def _lag(tally: Tally) -> dict[str, Any]:
    return {"count": tally.count, "total_s": round(tally.total, 3)}


def _by_reason(hub: CaptionHub) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, reason), count in hub.meters.refusals.items():
        found[reason] = found.get(reason, 0) + int(count)
    return found


def _session(held: HeldSession) -> dict[str, Any]:
    live = held.live
    delay = live.figures.commit_delay.mean
    return {
        "session": live.id,
        "room": live.room.name,
        "connected": held.holder is not None,
        "audio_s": round(seconds(live.session.received), 1),
        "lag_s": seconds(live.session.lag),
        "hop_s": seconds(live.session.hop),
        "language": live.session.language,
        "words": live.figures.words,
        "delay_s": None if delay is None else round(delay, 2),
    }


admin_routes = [
    # The page itself holds nothing; a browser cannot show a key before it has it.
    Route("/admin", admin_page),
    Route("/v1/admin/state", show_state, methods=["GET"]),
    Route("/v1/admin/drain", begin_drain, methods=["POST"]),
    Route("/v1/admin/drain", end_drain, methods=["DELETE"]),
]
