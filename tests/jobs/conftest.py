"""One Redis for all tests here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.redis_server import redis_server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    # Not pytest's own directory: the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="lc") as directory:
        with redis_server(Path(directory)) as url:
            yield url
