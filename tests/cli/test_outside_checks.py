"""What ``doctor --url`` says about a running server and what stands in front of it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from livecaption.cli.findings import Finding, Status
from livecaption.cli.outside_checks import outside, proxy, secure_context, sockets
from livecaption.engine.scripted import ScriptedTranscriber
from tests.serving import running_server

Answer = Callable[[bytes], bytes]


@asynccontextmanager
async def front(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Something that stands in front of a server, and gives each request one answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(answer(await reader.readuntil(b"\r\n\r\n")))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def http(status: str, body: str = "", kind: str = "text/html") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


async def looked(check: Callable[[str], Finding], url: str) -> Finding:
    return await asyncio.to_thread(check, url)


async def test_a_server_that_is_reached_passes_all() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        for name, check in outside(running.http).items():
            found = await asyncio.to_thread(check)
            assert (found.name, found.status) == (name, Status.OK), found
            assert not found.advice


async def test_a_name_the_server_does_not_know_is_told_apart() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as client:
            refused = await client.get("/readyz", headers={"Host": "captions.example"})
    answer = http("400 Bad Request", refused.text, "application/json")
    async with front(lambda request: answer) as port:
        found = await looked(proxy, f"http://localhost:{port}")
    assert found.status is Status.FAIL
    assert "--allowed-host localhost" in found.advice


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (http("502 Bad Gateway"), Status.FAIL, "does not reach the server (502)"),
        (http("401 Unauthorized"), Status.WARN, "asks for a password (401)"),
        (http("200 OK", "<h1>It works!</h1>"), Status.FAIL, "something else answers"),
        (http("200 OK", "[1]", "application/json"), Status.FAIL, "something else answers"),
        (
            http("503 Service Unavailable", '{"status":"loading"}', "application/json"),
            Status.OK,
            "loading",
        ),
    ],
)
async def test_what_a_proxy_answers_says_what_is_wrong_with_it(
    answer: bytes, status: Status, says: str
) -> None:
    async with front(lambda request: answer) as port:
        found = await looked(proxy, f"http://127.0.0.1:{port}")
    assert found.status is status
    assert says in found.detail


async def test_a_proxy_that_drops_the_upgrade_is_found() -> None:
    async with front(lambda request: http("200 OK", "<h1>page</h1>")) as port:
        found = await looked(sockets, f"http://127.0.0.1:{port}")
    assert found.status is Status.FAIL
    assert "Upgrade and Connection" in found.advice


async def test_nobody_there_is_said_by_each_check() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert (await looked(proxy, f"http://127.0.0.1:{port}")).status is Status.FAIL
        assert (await looked(sockets, f"http://127.0.0.1:{port}")).status is Status.FAIL
        found = await looked(secure_context, f"https://127.0.0.1:{port}")
    assert found.status is Status.FAIL
    assert "is the proxy running" in found.advice


def test_microphones_need_https_everywhere_else() -> None:
    assert secure_context("http://localhost:8000").status is Status.OK
    found = secure_context("http://captions.example")
    assert found.status is Status.WARN
    assert "microphone" in found.detail


# --- certificates --------------------------------------------------------------------------------


def certificate(folder: Path, days: int) -> tuple[Path, Path]:
    """Make a certificate of this machine, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, made = folder / "key.pem", folder / "certificate.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(made), "-days", str(days)]
    subprocess.run(
        [openssl, "req", "-x509", *curve, *names, *files], check=True, capture_output=True
    )
    return made, key


async def over_tls(made: Path, key: Path) -> Finding:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made, key)
    async with front(lambda request: http("200 OK"), tls) as port:
        return await looked(secure_context, f"https://127.0.0.1:{port}")


async def test_a_certificate_that_nobody_knows_is_not_trusted(tmp_path: Path) -> None:
    found = await over_tls(*certificate(tmp_path, 90))
    assert found.status is Status.FAIL
    assert "do not trust" in found.detail


@pytest.mark.parametrize(("days", "status"), [(90, Status.OK), (5, Status.WARN)])
async def test_a_certificate_that_ends_soon_is_told_of(
    days: int, status: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, key = certificate(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    found = await over_tls(made, key)
    assert found.status is status, found
    assert f"good for {days} days" in found.detail
