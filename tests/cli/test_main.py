"""The command line as a person runs it: a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livecaption import __version__


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "livecaption", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def test_version_and_help() -> None:
    assert run("--version").stdout.strip() == f"livecaption {__version__}"
    listed = run("--help").stdout
    for command in ("serve", "demo", "transcribe", "stream", "models", "doctor"):
        assert command in listed


def test_every_command_explains_itself() -> None:
    for command in ("serve", "stream"):
        done = run(command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["serve", "--model", "/nonexistent/model", "--port", "0"], "/nonexistent/model"),
        (["serve", "--host", "0.0.0.0", "--port", "0"], "--allow-anonymous"),
        (["serve", "--config", "/nonexistent.toml"], "/nonexistent.toml"),
        (["serve", "--device", "tpu"], "device"),
        (["serve", "--words", "/nonexistent/words.txt"], "/nonexistent/words.txt"),
        (["serve", "--sink", "vimeo:main=https://v.example"], "vimeo"),
        (["serve", "--text-file", "/nonexistent/live.txt"], "/nonexistent/live.txt"),
        (["serve", "--text-file-room", "a b"], "text_file_room"),
        (["transcribe", "/nonexistent.wav"], "/nonexistent.wav"),
        (["stream", "/nonexistent.wav"], "/nonexistent.wav"),
    ],
)
def test_what_cannot_work_is_one_clear_sentence_and_status_1(
    arguments: list[str], says: str
) -> None:
    done = run(*arguments, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    *news, error = done.stderr.strip().splitlines()
    assert error.startswith("error: ")
    assert says in error
    assert not any(line.startswith("error: ") for line in news)


def test_the_address_of_a_sink_is_never_repeated() -> None:
    done = run(
        "serve", "--port", "0", LIVECAPTION_SINKS="youtube:main=http://evil.example/?cid=hidden"
    )
    assert done.returncode == 1
    assert "youtube sink for room main" in done.stderr
    assert "hidden" not in done.stdout + done.stderr


def test_a_taken_port_is_said_before_the_model_is_loaded() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = run("serve", "--model", "micro-en", "--device", "cpu", "--port", port)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


def test_a_file_that_is_not_audio_is_refused_by_both_readers(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("this is not audio\n" * 100)
    for command in ("transcribe", "stream"):
        done = run(command, str(text))
        assert done.returncode == 1
        assert "notes.txt" in done.stderr
        assert "Traceback" not in done.stderr


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "livecaption", "serve"),
            *("--model", "micro-en", "--device", "cpu", "--port", str(port)),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        if server.poll() is None:
            server.kill()
        server.communicate(timeout=10)


def wait_ready(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)  # noqa: TID251 - waits for another process
    raise AssertionError("the server did not become ready within 30 s")


@pytest.mark.model
def test_serve_answers_stream_is_captioned_and_a_signal_ends_it_cleanly() -> None:
    clip = Path(__file__).parent.parent / "data" / "speech" / "short_00.flac"
    with serving() as (server, url):
        wait_ready(url)
        done = run("stream", str(clip), "--url", url)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0
