"""Security headers on every answer of every route, the routes taken from the application.

A route that is added is tried without anybody thinking of it, with and without a key, by every
method, and with a body that makes no sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from livecaption.access.roles import Role
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.demands import route_keys
from livecaption.server.pages import STATIC
from tests.keys import bearer, make_key
from tests.server.files import hearing
from tests.serving import Running

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_PARTS = {"number": "1", "room": "main", "id": "j_1", "model": "micro-en"}
_UNLIMITED: dict[str, Any] = dict.fromkeys(
    ("limit_requests", "limit_reads", "limit_connects", "limit_tokens", "limit_failures"), "off"
)
_SHUTS = ("POST", "/v1/admin/drain")


def app_of(running: Running) -> Starlette:
    app = running.server.config.app
    assert isinstance(app, Starlette)
    return app


def routes(running: Running, methods: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every route with each of its methods, or with each of those given."""
    for route in app_of(running).routes:
        for own, path in route_keys(route):
            url = re.sub(r"\{(\w+)(:\w+)?\}", lambda part: _PARTS[part[1]], path)
            known = (own,) if own in _METHODS else ("GET",)
            yield from ((each, url) for each in methods or known if (each, path) != _SHUTS)


def everything(running: Running) -> Iterator[tuple[str, str]]:
    """Routes, also by methods that they have not, all files, and what is not there."""
    yield from routes(running, _METHODS)
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            yield "GET", f"/static/{file.relative_to(STATIC)}"
    yield from (("GET", "/nothing"), ("GET", "/static/nothing.js"), ("GET", "/static/../app.py"))


def missing(headers: httpx2.Headers, url: str) -> list[str]:
    """What an answer lacks."""
    overlay = url.startswith("/overlay/")
    policy = headers.get("content-security-policy", "")
    wanted = {
        "default-src 'none'": "default-src 'none'" in policy,
        "script-src 'self'": "script-src 'self';" in policy,
        "frame-ancestors 'none'": "frame-ancestors 'none'" in policy,
        "base-uri 'none'": "base-uri 'none'" in policy,
        "form-action 'self'": "form-action 'self'" in policy,
        "inline styles in the overlay alone": ("unsafe-inline" in policy) is overlay,
        "nothing evaluated": "unsafe-eval" not in policy,
        "nosniff": headers.get("x-content-type-options") == "nosniff",
        "no referrer": headers.get("referrer-policy") == "no-referrer",
        "no camera": headers.get("permissions-policy") == "microphone=(self), camera=()",
        "opener": headers.get("cross-origin-opener-policy") == "same-origin",
        "a word on caching": "cache-control" in headers,
        "no name of the server": "server" not in headers,
        "no other site": "access-control-allow-origin" not in headers,
    }
    return [name for name, is_there in wanted.items() if not is_there]


async def complaints(
    running: Running, asked: Iterable[tuple[str, str]], headers: dict[str, str]
) -> tuple[set[int], list[str]]:
    """Ask for everything; return the statuses there were and what was missing."""
    statuses: set[int] = set()
    found: list[str] = []
    async with httpx2.AsyncClient(base_url=running.http, timeout=30, headers=headers) as http:
        for method, url in asked:
            # Only the beginning: one of the answers has no end.
            async with http.stream(method, url, content=b"{") as answer:
                statuses.add(answer.status_code)
                lacks = missing(answer.headers, url)
            if lacks:
                found.append(f"{method} {url} {answer.status_code}: {', '.join(lacks)}")
    return statuses, found


async def test_every_answer_of_every_route_carries_the_security_headers(tmp_path: Path) -> None:
    async with hearing(data_dir=tmp_path / "open", **_UNLIMITED) as running:
        statuses, found = await complaints(running, everything(running), {})
        assert found == []
        assert {200, 404, 405} <= statuses
    key = await make_key(tmp_path, Role.ADMIN)
    async with hearing(data_dir=tmp_path, **_UNLIMITED) as running:
        for headers in ({}, bearer("lc_wrong"), bearer(key)):
            statuses, found = await complaints(running, routes(running), headers)
            assert found == []
            assert (401 in statuses) is (headers != bearer(key))


@pytest.mark.parametrize(
    ("headers", "status"), [({"Host": "evil.example"}, 400), ({"Origin": "https://a.example"}, 403)]
)
async def test_refusals_at_the_gate_carry_them_too(headers: dict[str, str], status: int) -> None:
    async with hearing() as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=30, headers=headers) as http:
            answer = await http.post("/v1/jobs")
    assert answer.status_code == status
    assert missing(answer.headers, "/v1/jobs") == []
    assert "evil" not in answer.headers["content-security-policy"]


async def test_an_answer_that_tells_of_a_fault_of_ours_carries_them_too() -> None:
    async with hearing() as running:
        app_of(running).state.hub = None
        async with httpx2.AsyncClient(base_url=running.http, timeout=30) as http:
            answer = await http.get("/v1/rooms")
        app_of(running).state.hub = running.hub
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert missing(answer.headers, "/v1/rooms") == []


async def test_no_socket_opens_for_a_page_of_another_site() -> None:
    async with hearing() as running:
        paths = [each.path for each in app_of(running).routes if isinstance(each, WebSocketRoute)]
        assert len(paths) >= 2
        for path in paths:
            with pytest.raises(InvalidStatus) as caught:
                async with connect(
                    f"{running.ws}{path}",
                    subprotocols=[Subprotocol(SUBPROTOCOL)],
                    origin=Origin("https://evil.example"),
                ):
                    pass
            assert caught.value.response.status_code == 403
            assert (
                missing(httpx2.Headers(list(caught.value.response.headers.raw_items())), path) == []
            )
