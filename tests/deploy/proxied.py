"""The proxies' configurations as shipped, on ports of this test and with a certificate of its own.

Everything else of the file stays as it is: what is tried here is what an operator installs.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["CADDYFILE", "NAME", "SITE", "Proxy", "behind_caddy", "effective", "proxied", "required"]

CADDYFILE = Path(__file__).parents[2] / "deploy" / "Caddyfile"
SITE = Path(__file__).parents[2] / "deploy" / "nginx" / "livecaption.conf"
NAME = "captions.example"

_MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {defaults}
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """An nginx that accepts connections."""

    port: int
    plain_port: int
    folder: Path
    trust: ssl.SSLContext

    @property
    def host(self) -> str:
        """What a browser that reached this proxy would send as Host."""
        return f"{NAME}:{self.port}"

    @property
    def http(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def access_log(self) -> str:
        return (self.folder / "access.log").read_text("utf-8")


def required(program: str) -> str:
    """Return the path of a program; skip, or fail where it is required."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        reason = f"{program} is not installed"
        if os.environ.get(f"LIVECAPTION_REQUIRE_{program.upper()}") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def effective(folder: Path) -> str:
    """The configuration as nginx reads it back, without comments."""
    found = subprocess.run(
        [required("nginx"), "-T", "-p", str(folder), "-c", str(folder / "nginx.conf")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return re.sub(r"(?m)^\s*#.*$|\s#.*$", "", found.stdout)


@asynccontextmanager
async def proxied(
    upstream: int, folder: Path, *, defaults: str = "", changes: tuple[tuple[str, str], ...] = ()
) -> AsyncIterator[Proxy]:
    """Run nginx in front of a port of this machine until the block ends.

    Args:
        upstream: the port.
        folder: an empty folder for configuration, certificate and logs.
        defaults: directives of the level around the site's.
        changes: (pattern, replacement) applied to the site; each must match.
    """
    nginx = required("nginx")
    port, plain_port = _free_port(), _free_port()
    trust = _new_certificate(folder)
    site = _placed(SITE.read_text("utf-8"), folder, {80: plain_port, 443: port, 8000: upstream})
    for pattern, replacement in changes:
        site = _replaced(site, pattern, replacement)
    (folder / "site.conf").write_text(site, "utf-8")
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, defaults=defaults), "utf-8")
    command = (nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"))
    async with _running(command, port, folder):
        yield Proxy(port, plain_port, folder, trust)


@asynccontextmanager
async def behind_caddy(upstream: int, folder: Path) -> AsyncIterator[Proxy]:
    """Run Caddy in front of a port of this machine until the block ends.

    Its certificate is one of this test instead of one that it gets itself.
    """
    caddy = required("caddy")
    port = _free_port()
    trust = _new_certificate(folder)
    site = CADDYFILE.read_text("utf-8")
    own = f"https://{NAME}:{port} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n"
    site = _replaced(site, r"(?m)^captions\.example \{\n", own)
    site = _replaced(site, r"(?m)^\{\n", "{\n\tadmin off\n\tauto_https disable_redirects\n")
    site = _replaced(site, r"/var/log/caddy/livecaption\.log", f"{folder}/access.log")
    site = _replaced(site, r"grace_period 10s", "grace_period 1s")
    (folder / "Caddyfile").write_text(site, "utf-8")
    command = (caddy, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile"))
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    environment = {**os.environ, **home, "LIVECAPTION_UPSTREAM": f"127.0.0.1:{upstream}"}
    async with _running(command, port, folder, environment):
        yield Proxy(port, port, folder, trust)


@asynccontextmanager
async def _running(
    command: tuple[str, ...], port: int, folder: Path, environment: dict[str, str] | None = None
) -> AsyncIterator[None]:
    with (folder / "stderr.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stderr=log, env=environment)
    try:
        await _accepting(port, process, folder)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(30):
            await process.wait()


def _placed(site: str, folder: Path, ports: dict[int, int]) -> str:
    site = _replaced(site, r"(?m)^\s*listen \[::\]:.*\n", "")
    site = _replaced(site, r"listen 80;", f"listen 127.0.0.1:{ports[80]};")
    site = _replaced(site, r"listen 443 ", f"listen 127.0.0.1:{ports[443]} ")
    site = _replaced(site, r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{ports[8000]};")
    site = _replaced(site, r"/etc/letsencrypt/live/captions\.example", str(folder))
    return _replaced(site, r"/var/log/nginx/livecaption\.log", f"{folder}/access.log")


def _replaced(text: str, pattern: str, replacement: str) -> str:
    changed, count = re.subn(pattern, replacement, text)
    assert count, f"the shipped configuration has nothing like {pattern}"
    return changed


def _new_certificate(folder: Path) -> ssl.SSLContext:
    """Write a certificate for this test; return a context that trusts it and nothing else."""
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ),
            *("-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-keyout", str(key)),
            *("-addext", f"subjectAltName=DNS:{NAME}", "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return ssl.create_default_context(cafile=str(certificate))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _accepting(port: int, process: asyncio.subprocess.Process, folder: Path) -> None:
    """Wait until nginx listens; fail with its own words when it ends instead."""
    async with asyncio.timeout(30):
        while True:
            if process.returncode is not None:
                pytest.fail((folder / "stderr.log").read_text("utf-8"))
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return
