"""The shipped Caddyfile in front of a real server."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

from livecaption.engine.scripted import ScriptedTranscriber, script
from tests.deploy.proxied import CADDYFILE, NAME, behind_caddy, required
from tests.deploy.through import (
    MEGABYTE,
    SENTENCE,
    UPLOAD_MB,
    Upstream,
    browsing,
    named,
    speak_and_read,
)
from tests.serving import running_server


def test_caddy_understands_the_file_and_has_nothing_to_say_about_it(tmp_path: Path) -> None:
    answer = subprocess.run(
        [required("caddy"), "adapt", "--config", str(CADDYFILE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert '"level":"warn"' not in answer.stderr
    assert f'"host":["{NAME}"]' in answer.stdout
    (limit,) = re.findall(r'"max_size":(\d+)', answer.stdout)
    assert UPLOAD_MB * MEGABYTE + 65536 < int(limit) < (UPLOAD_MB + 10) * MEGABYTE


async def test_what_is_said_through_caddy_is_read_through_it(tmp_path: Path) -> None:
    engine = ScriptedTranscriber(script(SENTENCE, start=0.2))
    async with running_server(engine, allowed_hosts=(NAME,)) as running:
        async with behind_caddy(running.port, tmp_path) as proxy, browsing(proxy) as client:
            await speak_and_read(proxy)
            page = await client.get("/watch/main?token=secret", extensions=named())
    assert "max-age=" in page.headers["strict-transport-security"]
    assert "/watch/main" in proxy.access_log
    assert "secret" not in proxy.access_log


async def test_the_server_learns_the_address_that_caddy_saw_and_no_other(tmp_path: Path) -> None:
    claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    async with server, behind_caddy(server.sockets[0].getsockname()[1], tmp_path) as proxy:
        async with browsing(proxy) as client:
            await client.post("/v1/tokens", content=b"{}", headers=claims, extensions=named())
    assert upstream.header("x-forwarded-for") == "127.0.0.1"
    assert upstream.header("forwarded") is None
    assert upstream.header("host") == proxy.host
