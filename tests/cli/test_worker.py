"""``livecaption worker``: a server that works on nothing, a worker elsewhere, a real Redis."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from livecaption.bundled import speech_clips
from tests.jobs.redis_server import redis_server
from tests.server.files import hearing, send
from tests.server.test_jobs import delete, get
from tests.serving import Running, free_port


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lc") as directory:
        with redis_server(Path(directory)) as url:
            yield url


@contextmanager
def working(
    url: str, uploads: Path, *more: str, log: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    words = ("worker", "--model", "micro-en", "--uploads-dir", str(uploads), *more)
    environment = {**os.environ, "LIVECAPTION_REDIS_URL": url, "LIVECAPTION_CPU_THREADS": "1"}
    command = [sys.executable, "-m", "livecaption", *words]
    with subprocess.Popen(command, env=environment, stderr=log) as worker:
        try:
            yield worker
        finally:
            worker.kill()


async def until_ended(server: Running, url: str) -> dict[str, Any]:
    """Poll a job; come back where Redis is too busy to answer in time, as a client does."""
    async with asyncio.timeout(300):
        while True:
            answer = await get(server, url)
            job: dict[str, Any] = answer.json()
            if answer.status_code != 503 and job["status"] in ("done", "failed"):
                return job
            await asyncio.sleep(0.2)


async def counted(base: str) -> dict[tuple[str, str | None], float]:
    """What a worker says of itself: by name and outcome."""
    async with httpx2.AsyncClient(base_url=base, timeout=30) as http:
        assert (await http.get("/healthz")).status_code == 200
        text = (await http.get("/metrics")).text
    families = text_string_to_metric_families(text)
    return {(s.name, s.labels.get("outcome")): s.value for f in families for s in f.samples}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LIVECAPTION_")}
    return subprocess.run(
        [sys.executable, "-m", "livecaption", "worker", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**kept, **environment},
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--redis-url"),
        (("--redis-url", "redis://127.0.0.1:1/0"), "--uploads-dir"),
        (("--redis-url", "redis://127.0.0.1:1/0", "--uploads-dir", "/nonexistent"), "no folder"),
    ],
)
def test_what_a_worker_lacks_is_said_in_a_sentence(arguments: tuple[str, ...], says: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_redis_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    done = run(
        *("--uploads-dir", str(tmp_path), "--model", "micro-en", "--cpu-threads", "1"),
        LIVECAPTION_REDIS_URL=f"unix://{tmp_path}/nobody.sock",
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be reached" in done.stderr
    assert "LIVECAPTION_REDIS_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.model
async def test_a_worker_does_what_the_server_took_and_leaves_on_a_signal(
    redis_url: str, tmp_path: Path
) -> None:
    shared: dict[str, Any] = {"redis_url": redis_url, "uploads_dir": tmp_path, "job_workers": 0}
    speech = speech_clips()[1].audio.read_bytes()
    async with hearing(**shared) as server:
        port = str(free_port())
        options = ("--metrics-port", port, "--log-format", "json")
        with (
            tempfile.TemporaryFile() as log,
            working(redis_url, tmp_path, *options, log=log) as worker,
        ):
            answer = await send(server, "/v1/jobs", speech)
            assert answer.status_code == 202, answer.text
            job = await until_ended(server, answer.json()["url"])
            assert job["status"] == "done", job
            text = (await get(server, f"{job['transcript_url']}?format=txt")).text
            assert len(text.split()) > 20, "the model heard it, not the server's script"
            assert os.listdir(tmp_path) == []
            samples = await counted(f"http://127.0.0.1:{port}")
            assert samples["livecaption_jobs_total", "done"] == 1
            assert samples["livecaption_engine_file_seconds_total", None] > 0
            assert server.hub.meters.jobs["done"] == 0, "who ended a job counts it, nobody else"
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 120) == 0
            log.seek(0)
            lines = [json.loads(line) for line in log if line.startswith(b"{")]
            assert any(line["message"].endswith("waiting for jobs") for line in lines)


async def test_a_worker_whose_engine_hangs_gives_its_job_back_and_ends(
    redis_url: str, tmp_path: Path
) -> None:
    shared: dict[str, Any] = {"redis_url": redis_url, "uploads_dir": tmp_path, "job_workers": 0}
    environment = {
        **os.environ,
        "LIVECAPTION_REDIS_URL": redis_url,
        "LIVECAPTION_UPLOADS_DIR": str(tmp_path),
    }
    command = (sys.executable, "-m", "tests.cli.hanging_worker")
    async with hearing(**shared) as server, asyncio.timeout(300):
        job = (await send(server, "/v1/jobs")).json()
        worker = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE)
        try:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"hanging\n"
            worker.send_signal(signal.SIGTERM)
            assert await worker.wait() == 1
        finally:
            if worker.returncode is None:
                worker.kill()
        after = (await get(server, job["url"])).json()
        assert (after["status"], after["attempts"]) == ("queued", 0)
        await delete(server, job["url"])
