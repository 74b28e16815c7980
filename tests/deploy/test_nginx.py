"""The shipped nginx configuration in front of a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from livecaption.engine.scripted import ScriptedTranscriber, script
from tests.deploy.proxied import NAME, Proxy, effective, proxied
from tests.deploy.through import (
    MEGABYTE,
    SENTENCE,
    UPLOAD_MB,
    Upstream,
    browsing,
    named,
    opening,
    speak_and_read,
)
from tests.serving import running_server


@asynccontextmanager
async def serving(folder: Path, **given: Any) -> AsyncIterator[Proxy]:
    engine = ScriptedTranscriber(script(SENTENCE, start=0.2))
    async with running_server(engine, allowed_hosts=(NAME,), **given) as running:
        async with proxied(running.port, folder) as proxy:
            yield proxy


async def test_pages_come_over_tls_and_plain_http_is_sent_there(tmp_path: Path) -> None:
    async with serving(tmp_path) as proxy, browsing(proxy) as client:
        for path in ("/", "/watch/main", "/overlay/main", "/readyz"):
            answer = await client.get(path, extensions=named())
            assert answer.status_code == 200, path
            assert "max-age=" in answer.headers["strict-transport-security"]
            assert "livecaption" not in answer.headers.get("server", "")
        plain = await client.get(
            f"http://127.0.0.1:{proxy.plain_port}/watch/main", headers={"Host": NAME}
        )
    assert plain.status_code == 301
    assert plain.headers["location"] == f"https://{NAME}/watch/main"


async def test_what_is_far_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    """With HSTS on nginx's own answers, too, and without its version."""
    size = (UPLOAD_MB + 20) * MEGABYTE
    async with serving(tmp_path) as proxy, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", proxy.port, ssl=proxy.trust, server_hostname=NAME
        )
        writer.write(f"POST /transcribe HTTP/1.1\r\nHost: {proxy.host}\r\n".encode())
        writer.write(f"Content-Length: {size}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
        writer.close()
    assert head[0].startswith("http/1.1 413")
    assert any(line.startswith("strict-transport-security: max-age=") for line in head)
    assert "server: nginx" in head


async def test_another_name_gets_no_handshake(tmp_path: Path) -> None:
    async with serving(tmp_path) as proxy, browsing(proxy) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("/", extensions={"sni_hostname": "elsewhere.example"})


async def test_what_is_said_through_the_proxy_is_read_through_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as proxy:
        await speak_and_read(proxy)


async def test_query_strings_are_not_logged(tmp_path: Path) -> None:
    async with serving(tmp_path) as proxy, browsing(proxy) as client:
        await client.get("/healthz?token=secret", extensions=named())
    assert "/healthz" in proxy.access_log
    assert "secret" not in proxy.access_log


async def test_a_quiet_socket_outlives_the_time_nginx_has_by_default(tmp_path: Path) -> None:
    """Scaled: nginx's default of 60 s is one second here, and the server sends no ping."""
    shorter = "proxy_read_timeout 1s;"
    quiet = {"ping_s": 60.0, "idle_s": 60.0}
    engine = ScriptedTranscriber(())
    async with running_server(engine, allowed_hosts=(NAME,), **quiet) as running:
        (tmp_path / "ours").mkdir()
        async with proxied(running.port, tmp_path / "ours", defaults=shorter) as proxy:
            async with opening(proxy, "/ws/watch?room=main", ping_interval=None) as watcher:
                assert not await closes_within(watcher, 3.0)
        (tmp_path / "without").mkdir()
        without = ((r"proxy_read_timeout\s+1h;", ""),)
        async with proxied(
            running.port, tmp_path / "without", defaults=shorter, changes=without
        ) as proxy:
            async with opening(proxy, "/ws/watch?room=main", ping_interval=None) as watcher:
                assert await closes_within(watcher, 20.0)


async def test_pings_of_the_server_keep_a_quiet_socket_open_where_nginx_is_less_patient(
    tmp_path: Path,
) -> None:
    """Scaled: an operator's time-out of two seconds, pings every half; both are a tenth to a
    thirtieth of what is usual."""
    impatient = ((r"proxy_read_timeout\s+1h;", "proxy_read_timeout 2s;"),)
    for ping_s, folder in ((0.5, tmp_path / "pings"), (60.0, tmp_path / "none")):
        folder.mkdir()
        quiet = {"ping_s": ping_s, "idle_s": 60.0}
        engine = ScriptedTranscriber(())
        async with running_server(engine, allowed_hosts=(NAME,), **quiet) as running:
            async with proxied(running.port, folder, changes=impatient) as proxy:
                async with opening(proxy, "/ws/watch?room=main", ping_interval=None) as watcher:
                    assert await closes_within(watcher, 6.0 if ping_s < 1 else 30.0) is (ping_s > 1)


async def closes_within(socket: ClientConnection, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket.recv()
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


@asynccontextmanager
async def noting(folder: Path) -> AsyncIterator[tuple[Upstream, Proxy]]:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    async with server, proxied(server.sockets[0].getsockname()[1], folder) as proxy:
        yield upstream, proxy


async def test_an_upload_of_the_largest_size_arrives_while_it_is_sent(tmp_path: Path) -> None:
    first, rest = b"a" * 65536, b"b" * MEGABYTE
    size = UPLOAD_MB * MEGABYTE
    arrived: list[int] = []

    async with noting(tmp_path) as (upstream, proxy), browsing(proxy) as client:

        async def body() -> AsyncIterator[bytes]:
            yield first
            await upstream.has(len(first))  # held back, it would never come
            arrived.append(upstream.body)
            left = size - len(first)
            while left:
                yield rest[: min(left, len(rest))]
                left -= min(left, len(rest))

        answer = await client.post(
            "/transcribe", content=body(), extensions=named(),
            headers={"Content-Length": str(size)}, timeout=120,
        )  # fmt: skip
    assert answer.status_code == 204
    assert arrived == [len(first)]
    assert upstream.body == size


async def test_the_server_learns_the_address_that_nginx_saw_and_no_other(tmp_path: Path) -> None:
    claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    async with noting(tmp_path) as (upstream, proxy), browsing(proxy) as client:
        await client.post("/v1/tokens", content=b"{}", headers=claims, extensions=named())
    assert upstream.header("x-forwarded-for") == "127.0.0.1"
    assert upstream.header("forwarded") is None
    assert upstream.header("x-forwarded-proto") == "https"
    assert upstream.header("host") == proxy.host


async def test_limits_and_protocols_are_those_that_the_server_needs(tmp_path: Path) -> None:
    async with noting(tmp_path):
        text = effective(tmp_path)
    given = dict(re.findall(r"(?m)^\s*(\w+)\s+([^;{]+);", text))
    limit = int(given["client_max_body_size"].removesuffix("m")) * 2**20
    assert UPLOAD_MB * MEGABYTE + 65536 < limit < (UPLOAD_MB + 10) * MEGABYTE
    assert given["proxy_read_timeout"] == given["proxy_send_timeout"] == "1h"
    assert given["proxy_buffering"] == given["proxy_request_buffering"] == "off"
    assert given["ssl_protocols"].split() == ["TLSv1.2", "TLSv1.3"]
    assert given["ssl_session_tickets"] == "off"
