"""Pages, health and the checks in front of them, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.guard import Guard, host_of
from livecaption.settings import load_settings
from tests.serving import Running, open_publisher, receive, running_server


async def get(
    running: Running, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(running.http + path, headers=dict(headers or {}))

    def fetch() -> tuple[int, Any, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    return await asyncio.to_thread(fetch)


@pytest.mark.parametrize(
    "path", ["/", "/overlay/main", "/watch/main", "/static/js/mic-page.js", "/healthz"]
)
async def test_every_answer_carries_the_security_headers(path: str) -> None:
    async with running_server(ScriptedTranscriber()) as running:
        status, headers, body = await get(running, path)
    assert status == 200
    assert body
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Permissions-Policy"] == "microphone=(self), camera=()"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-cache"
    if path.endswith(".js"):
        assert headers["Content-Type"].startswith("text/javascript")
    assert "server" not in headers
    # OBS puts its user's CSS into the overlay as a style element; no other page may have one.
    assert ("style-src 'self' 'unsafe-inline'" in policy) is path.startswith("/overlay/")
    # It may talk to OBS on its own machine; no other page may look for servers there.
    assert (" ws://127.0.0.1:*" in policy) is path.startswith("/overlay/")


async def test_readiness_tells_the_model_and_turns_503_while_draining() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        status, _, body = await get(running, "/readyz")
        assert (status, json.loads(body)["status"]) == (200, "ready")
        assert json.loads(body)["model"]["name"] == "scripted"
        running.hub.draining = True
        status, headers, body = await get(running, "/readyz")
        assert (status, json.loads(body)["status"]) == (503, "draining")
        assert headers["Retry-After"]


async def test_a_full_server_says_so_where_a_page_can_read_it() -> None:
    async with running_server(ScriptedTranscriber(), max_streams=1) as running:
        async with open_publisher(running):
            status, _, body = await get(running, "/readyz")
        assert (status, json.loads(body)["status"]) == (503, "full")


async def test_a_model_that_does_not_answer_is_never_ready() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        running.hub.failed = "the model does not answer"
        status, _, body = await get(running, "/readyz")
    assert (status, json.loads(body)["status"]) == (503, "failed")


async def test_a_page_that_does_not_exist_is_404_and_a_strange_host_400() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        assert (await get(running, "/nothing"))[0] == 404
        assert (await get(running, "/static/../settings.py"))[0] == 404
        assert (await get(running, "/", {"Host": "evil.example"}))[0] == 400


@pytest.mark.parametrize("path", ["publish", "watch"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://["]
)
async def test_a_page_of_another_site_cannot_connect(path: str, origin: str) -> None:
    async with running_server(ScriptedTranscriber()) as running:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(
                f"{running.ws}/ws/{path}",
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                origin=Origin(origin),
            ):
                pass
    assert caught.value.response.status_code == 403


async def test_our_own_page_and_listed_sites_may_connect() -> None:
    async with running_server(
        ScriptedTranscriber(), allowed_origins=("https://Friend.example",)
    ) as running:
        for origin in (running.http, "https://friend.example"):
            async with connect(
                f"{running.ws}/ws/watch",
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                origin=Origin(origin),
            ) as viewer:
                assert (await receive(viewer))["type"] == "snapshot"


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost:8000", "localhost"),
        ("LOCALHOST", "localhost"),
        ("[::1]:8000", "[::1]"),
        ("", ""),
    ],
)
def test_the_host_is_read_without_its_port(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("settings", "host", "answers"),
    [
        ({}, "localhost:8000", True),
        ({}, "127.0.0.1:8000", True),
        ({}, "[::1]:8000", True),
        ({}, "evil.example", False),
        ({}, "192.0.2.7:8000", False),
        ({}, "", False),
        ({"allowed_hosts": ("Captions.example",)}, "captions.example", True),
        ({"allowed_hosts": ("captions.example",)}, "localhost", True),
        ({"host": "0.0.0.0"}, "192.0.2.7:8000", True),
        ({"host": "0.0.0.0"}, "[2001:db8::1]:8000", True),
        ({"host": "0.0.0.0"}, "localhost", True),
        ({"host": "0.0.0.0"}, socket.gethostname(), True),
        ({"host": "0.0.0.0"}, "evil.example", False),
        ({"host": "0.0.0.0", "allowed_hosts": ("a.example",)}, "a.example", True),
        ({"host": "0.0.0.0", "allowed_hosts": ("a.example",)}, "192.0.2.7", True),
        ({"host": "0.0.0.0", "allowed_hosts": ("a.example",)}, "b.example", False),
        ({"host": "0.0.0.0", "allowed_hosts": ("*",)}, "b.example", True),
    ],
)
async def test_a_server_answers_to_addresses_and_to_names_that_it_knows(
    settings: dict[str, Any], host: str, answers: bool
) -> None:
    guard = Guard(_reached, load_settings(None, **settings))
    assert (await _status(guard, host, None) == 200) is answers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:8000", 200),
        ("https://localhost:8000", 200),
        ("HTTP://LOCALHOST:8000", 200),
        ("https://friend.example", 200),
        ("http://localhost", 403),
        ("http://localhost:8001", 403),
        ("http://friend.example", 403),
        ("https://friend.example.evil.example", 403),
        ("https://user@localhost:8000", 403),
        ("file://localhost:8000", 403),
        ("http://[", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_only_our_own_pages_and_listed_ones_may_change_anything(
    origin: str | None, status: int
) -> None:
    allowed = load_settings(None, allowed_origins=("https://friend.example/",))
    assert await _status(Guard(_reached, allowed), "localhost:8000", origin) == status


async def _reached(scope: Scope, receive: Receive, send: Send) -> None:
    await Response("")(scope, receive, send)


async def _status(guard: Guard, host: str, origin: str | None) -> int:
    headers = [(b"host", host.encode())]
    headers += [(b"origin", origin.encode())] if origin is not None else []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": headers,
        "app": Starlette(),
    }
    seen: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        seen.append(message)

    await guard(scope, receive, send)
    status: int = seen[0]["status"]
    return status
