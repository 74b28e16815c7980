"""Rooms over HTTP: what there is, what was said last, deletion, and links for readers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption.server.doorkeeper import origin_of, principal_of
from livecaption.server.event_stream import EventsEndpoint
from livecaption.server.hub import CaptionHub
from livecaption.server.room import Room
from livecaption.server.room_requests import Refusal, room_of, with_refusals
from livecaption.storage.links import Link
from livecaption.storage.records import RoomSummary

__all__ = ["routes"]


async def list_rooms(request: Request) -> Response:
    """``GET /v1/rooms``: rooms in use and rooms with a transcript, the latest first."""
    hub: CaptionHub = request.app.state.hub
    stored = {summary.room: summary for summary in await hub.store.rooms()}
    live = {room.name: room for room in hub.rooms}
    principal = principal_of(request)
    names = [name for name in {**stored, **live} if principal.may_enter(name)]
    found = [_described(name, live.get(name), stored.get(name)) for name in names]
    found.sort(key=lambda room: (room["publishers"] > 0, room["last_at"] or 0.0), reverse=True)
    return JSONResponse({"rooms": found})


async def show_room(request: Request) -> Response:
    """``GET /v1/rooms/{room}``: its state and its last captions."""
    name = room_of(request)
    hub: CaptionHub = request.app.state.hub
    stored = {summary.room: summary for summary in await hub.store.rooms()}
    room = await hub.rooms.open(name)
    try:
        if name not in stored and room.users == 1:
            raise Refusal(404, "no_room", "Nobody has captioned into this room.")
        snapshot = room.snapshot()
        state = _described(name, room, stored.get(name))
        state["finals"] = [
            final.model_dump(mode="json", by_alias=True) for final in snapshot.finals
        ]
        state["open_utterances"] = [
            utterance.model_dump(mode="json") for utterance in snapshot.open_utterances
        ]
        return JSONResponse(state)
    finally:
        hub.rooms.release(room)


async def delete_room(request: Request) -> Response:
    """``DELETE /v1/rooms/{room}``: forget what was said in it, and its links."""
    name = room_of(request)
    hub: CaptionHub = request.app.state.hub
    await hub.recorder.flush()
    deleted = await hub.store.delete_room(name)
    room = hub.rooms.find(name)
    if room is not None:
        room.forget()
        room.evict(None)
    return JSONResponse({"room": name, "deleted_events": deleted})


async def make_link(request: Request) -> Response:
    """``POST /v1/rooms/{room}/links``: a link for readers, which can be revoked."""
    name = room_of(request)
    hub: CaptionHub = request.app.state.hub
    link, token = await hub.links.make(name)
    page = origin_of(request)
    # Behind #, where no server, proxy or log ever sees it.
    answer = {
        **_link(link),
        "token": token,
        "url": f"{page}/watch/{name}#t={token}",
        "overlay_url": f"{page}/overlay/{name}#t={token}",
    }
    return JSONResponse(answer, 201)


async def list_links(request: Request) -> Response:
    """``GET /v1/rooms/{room}/links``: the room's links without their tokens, the newest first."""
    name = room_of(request)
    hub: CaptionHub = request.app.state.hub
    return JSONResponse({"links": [_link(link) for link in await hub.links.of(name)]})


async def revoke_link(request: Request) -> Response:
    """``DELETE /v1/rooms/{room}/links/{id}``: readers with this link are closed at once."""
    name = room_of(request)
    hub: CaptionHub = request.app.state.hub
    link = str(request.path_params["id"])
    if not await hub.links.revoke(name, link):
        raise Refusal(404, "no_link", "This room has no such link.")
    room = hub.rooms.find(name)
    if room is not None:
        room.evict(link)
    return Response(status_code=204)


def _described(name: str, room: Room | None, stored: RoomSummary | None) -> dict[str, Any]:
    return {
        "room": name,
        "publishers": len(room.attached) if room else 0,
        "detached": len(room.detached) if room else 0,
        "watchers": len(room.subscribers) if room else 0,
        "offset": room.delivered if room else (stored.offset if stored else 0),
        "first_at": stored.first_at if stored else None,
        "last_at": stored.last_at if stored else None,
        "finals": stored.finals if stored else 0,
    }


def _link(link: Link) -> dict[str, Any]:
    return asdict(link)


routes = [
    Route("/v1/rooms", list_rooms),
    Route("/v1/rooms/{room}", with_refusals(show_room), methods=["GET"]),
    Route("/v1/rooms/{room}", with_refusals(delete_room), methods=["DELETE"]),
    Route("/v1/rooms/{room}/events", EventsEndpoint(), methods=["GET"]),
    Route("/v1/rooms/{room}/links", with_refusals(list_links), methods=["GET"]),
    Route("/v1/rooms/{room}/links", with_refusals(make_link), methods=["POST"]),
    Route("/v1/rooms/{room}/links/{id}", with_refusals(revoke_link), methods=["DELETE"]),
]
