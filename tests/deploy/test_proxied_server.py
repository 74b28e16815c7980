"""A real server behind the proxies as shipped: pages, sockets, files, addresses, links."""

from __future__ import annotations

import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.engine.scripted_files import ScriptedFiles
from tests.deploy.proxied import NAME, Proxy, behind_caddy, proxied
from tests.deploy.through import (
    MEGABYTE,
    SENTENCE,
    UPLOAD_MB,
    browsing,
    named,
    opening,
    speak_and_read,
)
from tests.server.files import WORDS
from tests.serving import Running, events_until, running_server, within

WAYS = {"nginx": proxied, "caddy": behind_caddy}
SECRET = "a key that nobody can guess"
KEY = {"Authorization": f"Bearer {SECRET}"}
BOUNDARY = "form-of-this-test"


@dataclass(frozen=True)
class Served:
    """A server and the proxy in front of it."""

    running: Running
    proxy: Proxy


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@asynccontextmanager
async def served(way: str, folder: Path, **given: Any) -> AsyncIterator[Served]:
    engine = ScriptedTranscriber(script(SENTENCE, start=0.2), files=ScriptedFiles(WORDS))
    settings = {"allowed_hosts": (NAME,), "trusted_proxies": ("127.0.0.1",), **given}
    async with running_server(engine, **settings) as running:
        async with WAYS[way](running.port, folder) as proxy:
            yield Served(running, proxy)


async def test_pages_keep_their_security_headers(way: str, tmp_path: Path) -> None:
    async with served(way, tmp_path) as both, browsing(both.proxy) as client:
        direct = await client.get(f"{both.running.http}/", headers={"Host": both.proxy.host})
        page = await client.get("/", extensions=named())
        script_of_it = await client.get("/static/js/mic-page.js", extensions=named())
    assert (page.status_code, script_of_it.status_code) == (200, 200)
    for name in (
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
        "cross-origin-opener-policy",
    ):
        assert page.headers[name] == direct.headers[name], name
    assert f"wss://{both.proxy.host}" in page.headers["content-security-policy"]
    assert "max-age=" in page.headers["strict-transport-security"]
    assert page.content == direct.content


async def test_what_was_said_and_read_through_a_proxy_is_its_transcript(
    way: str, tmp_path: Path
) -> None:
    async with served(way, tmp_path) as both, browsing(both.proxy) as client:
        await speak_and_read(both.proxy)
        for form in ("txt", "vtt", "json"):
            path = f"/v1/rooms/main/transcript?format={form}"
            answer = await client.get(path, extensions=named())
            assert answer.status_code == 200
            assert SENTENCE in answer.text


# -- files ----------------------------------------------------------------------------------------


def wide_wav(size: int) -> bytes:
    """The head of a WAV file of that many bytes: many for few seconds, eight channels of floats."""
    rate, frame = 48_000, 32
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 8, rate, rate * frame, frame, 32)
    data = size - 12 - len(chunk) - 8
    riff = struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE")
    return riff + chunk + struct.pack("<4sI", b"data", data)


@dataclass
class Form:
    """A form with one file of silence, sent piece by piece."""

    size: int
    """Of the file, bytes."""

    def __post_init__(self) -> None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        self._before = f"{head}Content-Type: audio/wav\r\n\r\n".encode() + wide_wav(self.size)
        self._after = f"\r\n--{BOUNDARY}--\r\n".encode()
        self._silence = self.size - len(wide_wav(self.size))

    @property
    def headers(self) -> dict[str, str]:
        length = len(self._before) + self._silence + len(self._after)
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return {"Content-Type": kind, "Content-Length": str(length)}

    async def body(self) -> AsyncIterator[bytes]:
        yield self._before
        left = self._silence
        while left:
            piece = min(left, MEGABYTE)
            yield bytes(piece)
            left -= piece
        yield self._after


async def send(client: httpx2.AsyncClient, form: Form, content: Any = None) -> httpx2.Response:
    return await client.post(
        "/transcribe",
        content=content or form.body(),
        headers=form.headers,
        extensions=named(),
        timeout=300,
    )


async def test_the_largest_file_is_transcribed_and_arrives_while_it_is_sent(
    way: str, tmp_path: Path
) -> None:
    """No proxy keeps a copy: the server has begun to read before half of the file is sent."""
    form = Form(UPLOAD_MB * MEGABYTE - 1000)
    kept: list[Path] = []
    async with served(way, tmp_path) as both, browsing(both.proxy) as client:

        async def body() -> AsyncIterator[bytes]:
            sent = 0
            async for piece in form.body():
                yield piece
                sent += len(piece)
                if MEGABYTE < sent < 2 * MEGABYTE:
                    await within(lambda: both.running.hub.uploads.under_way == 1, 60)
            kept.extend(path for path in (tmp_path / "body").rglob("*") if path.is_file())

        answer = await send(client, form, body())
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == "one two three four five"
    assert kept == []


async def test_a_file_that_is_too_large_is_refused_by_the_server_in_its_words(
    way: str, tmp_path: Path
) -> None:
    async with served(way, tmp_path) as both, browsing(both.proxy) as client:
        for size in (UPLOAD_MB * MEGABYTE + 1, (UPLOAD_MB + 2) * MEGABYTE):
            answer = await send(client, Form(size))
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "too_large"
            assert f"{UPLOAD_MB} MB" in answer.json()["error"]["message"]


# -- who and where --------------------------------------------------------------------------------


@asynccontextmanager
async def browsing_from(proxy: Proxy, address: str) -> AsyncIterator[httpx2.AsyncClient]:
    way = httpx2.AsyncHTTPTransport(verify=proxy.trust, local_address=address)
    async with httpx2.AsyncClient(
        base_url=proxy.http, transport=way, headers={"Host": proxy.host}, timeout=20
    ) as client:
        yield client


async def test_log_and_limits_know_the_client_and_not_the_proxy(
    way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever tries keys is counted alone, whatever address they claim to come from."""
    caplog.set_level(logging.INFO, "livecaption.server.access_log")
    wrong = {"X-Api-Key": "wrong", "X-Forwarded-For": "203.0.113.9"}
    async with served(way, tmp_path, api_key=SECRET, limit_failures="3/minute") as both:
        async with (
            browsing_from(both.proxy, "127.0.0.2") as one,
            browsing_from(both.proxy, "127.0.0.3") as other,
        ):
            for expected in (401, 401, 401, 429):
                answer = await one.get("/v1/rooms", headers=wrong, extensions=named())
                assert answer.status_code == expected
            assert int(answer.headers["Retry-After"]) > 0
            answer = await other.get("/v1/rooms", headers=wrong, extensions=named())
            assert answer.status_code == 401
    seen = [vars(line)["client"] for line in caplog.records if "client" in vars(line)]
    assert seen == ["127.0.0.2"] * 4 + ["127.0.0.3"]


@pytest.mark.parametrize(("trusted", "scheme"), [(("127.0.0.1",), "https"), ((), "http")])
async def test_a_link_leads_to_the_address_the_client_has_used(
    way: str, tmp_path: Path, trusted: tuple[str, ...], scheme: str
) -> None:
    """With a proxy that is not named nobody is believed that there was TLS."""
    given = {"api_key": SECRET, "trusted_proxies": trusted}
    async with served(way, tmp_path, **given) as both, browsing(both.proxy) as client:
        made = await client.post("/v1/rooms/main/links", headers=KEY, extensions=named())
        assert made.status_code == 201, made.text
        link = made.json()
        assert link["url"] == f"{scheme}://{both.proxy.host}/watch/main#t={link['token']}"
        assert link["overlay_url"].startswith(f"{scheme}://{both.proxy.host}/overlay/main#t=")
        async with opening(both.proxy, "/ws/watch?room=main") as watcher:
            await watcher.send(f'{{"type":"hello","token":"{link["token"]}"}}')
            await events_until(watcher, "snapshot")
