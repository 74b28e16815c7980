"""Every route of the application demands its role, when there are keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.access.roles import Role
from livecaption.detect.webrtc import new_detector
from livecaption.engine.batcher import Batcher
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.app import build_app
from livecaption.server.demands import DEMANDS, Demand, demand_of, route_keys
from livecaption.settings import load_settings
from tests.keys import bearer, make_key
from tests.serving import close_code, running_server

PUBLIC = {
    ("GET", "/"),
    ("GET", "/overlay/{room}"),
    ("GET", "/watch/{room}"),
    ("MOUNT", "/static"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/admin"),
}
"""Written down a second time: making a route public takes a change in two places."""


def application() -> Starlette:
    settings = load_settings(None, store=False)
    return build_app(settings, lambda: Batcher(ScriptedTranscriber()), new_detector)


def routes() -> Iterator[tuple[BaseRoute, tuple[str, str]]]:
    for route in application().routes:
        for key in route_keys(route):
            yield route, key


def path_of(template: str) -> str:
    return (
        template.replace("{room}", "main")
        .replace("{number:int}", "1")
        .replace("{id}", "x")
        .replace("{model:path}", "m")
    )


def test_every_route_is_in_the_table() -> None:
    missing = [key for _, key in routes() if key not in DEMANDS]
    assert not missing, f"add them to DEMANDS in livecaption/server/demands.py: {missing}"


def test_every_route_is_of_a_kind_whose_demand_is_enforced() -> None:
    for route, _ in routes():
        assert isinstance(route, Route | WebSocketRoute | Mount)


def test_only_pages_and_health_are_public() -> None:
    assert {key for key, demand in DEMANDS.items() if demand.is_public} == PUBLIC


def test_a_route_that_was_forgotten_asks_for_admin() -> None:
    async def forgotten(_: Request) -> Response:
        return PlainTextResponse("")

    scope = {"type": "http", "method": "GET", "path": "/new", "headers": [], "root_path": ""}
    found = demand_of(scope, [Route("/new", forgotten)])
    assert found is not None
    assert found[0].role is Role.ADMIN


@pytest.fixture(scope="module")
def demanded() -> list[tuple[tuple[str, str], Demand]]:
    return [(key, DEMANDS[key]) for _, key in routes() if not DEMANDS[key].is_public]


async def test_every_route_demands_its_role_over_the_network(
    tmp_path: Path, demanded: list[tuple[tuple[str, str], Demand]]
) -> None:
    """Without a key 401, with a key of every other role 403: nothing reaches a handler."""
    keys = {role: await make_key(tmp_path, role) for role in Role}
    elsewhere = await make_key(tmp_path, Role.ADMIN, rooms=("other",))
    async with (
        running_server(ScriptedTranscriber(), data_dir=tmp_path) as running,
        httpx2.AsyncClient(base_url=running.http, timeout=10) as client,
    ):
        for (method, template), demand in demanded:
            if method == "SOCKET":
                continue
            path = path_of(template)
            answer = await client.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            for role, key in keys.items():
                if demand.role is None or role in (demand.role, Role.ADMIN):
                    continue
                if (demand.role, role) == (Role.WATCH, Role.PUBLISH):
                    continue  # who speaks in a room may read it
                answer = await client.request(method, path, headers=bearer(key))
                assert answer.status_code == 403, (method, path, role)
            if "{room}" in template:
                answer = await client.request(method, path, headers=bearer(elsewhere))
                assert answer.status_code == 403, (method, path)


async def test_sockets_demand_their_role_before_the_upgrade(tmp_path: Path) -> None:
    watching = await make_key(tmp_path, Role.WATCH)
    transcribing = await make_key(tmp_path, Role.TRANSCRIBE)
    async with running_server(ScriptedTranscriber(), data_dir=tmp_path) as running:

        async def status(path: str, key: str | None) -> int:
            headers = bearer(key) if key else None
            try:
                async with connect(
                    running.ws + path,
                    subprotocols=[Subprotocol(SUBPROTOCOL)],
                    additional_headers=headers,
                ):
                    return 101
            except InvalidStatus as error:
                return error.response.status_code

        assert await status("/ws/publish", None) == 401
        assert await status("/ws/publish", watching) == 403
        assert await status("/ws/publish", transcribing) == 403
        assert await status("/ws/watch", transcribing) == 403
        assert await status("/ws/watch", watching) == 101


async def test_a_watcher_that_shows_nothing_is_closed_when_its_time_is_over(
    tmp_path: Path,
) -> None:
    await make_key(tmp_path, Role.WATCH)
    given = {"data_dir": tmp_path, "start_timeout_s": 0.2}
    async with running_server(ScriptedTranscriber(), **given) as running:
        subprotocols = [Subprotocol(SUBPROTOCOL)]
        async with connect(f"{running.ws}/ws/watch", subprotocols=subprotocols) as viewer:
            assert await close_code(viewer) == 4501
        async with connect(f"{running.ws}/ws/watch", subprotocols=subprotocols) as viewer:
            await viewer.send('{"type":"hello"}')
            assert await close_code(viewer) == 4501
