"""A real Redis in a directory of its own, reached over a socket of the file system."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

__all__ = ["redis_server"]


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """Run Redis until the block ends; give its address."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("LIVECAPTION_REQUIRE_REDIS"):
            pytest.fail("LIVECAPTION_REQUIRE_REDIS is set, but there is no redis-server")
        pytest.skip("redis-server is not installed")
    socket = directory / "r.sock"
    given = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--dir": str(directory),
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--save": "",
    }
    words = [word for pair in given.items() for word in pair]
    with subprocess.Popen([program, *words], stdout=subprocess.DEVNULL) as process:
        try:
            url = f"unix://{socket}"
            _wait_for(process, socket, url)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(process: subprocess.Popen[bytes], socket: Path, url: str) -> None:
    for _ in range(400):
        assert process.poll() is None, "redis-server ended"
        if socket.exists():
            with redis.Redis.from_url(url, socket_timeout=30.0) as client:
                try:
                    client.ping()
                except redis.ConnectionError:
                    pass
                else:
                    return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    pytest.fail("redis-server does not answer")
