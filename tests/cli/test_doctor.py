from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from livecaption.cli import checks
from livecaption.cli.checks import Status, Subject, planned
from livecaption.engine.cuda import CublasLibrary, CudaDevice, CudaReport
from livecaption.errors import MediaError
from livecaption.settings import load_settings
from tests.cli.command import CommandLine

pytestmark = pytest.mark.model

NAMES = [
    "version",
    "processor",
    "GPU",
    "compute types",
    "models",
    "disk",
    "audio decoding",
    "inference",
    "throughput",
    "transcripts",
    "clock",
    "open files",
    "exposure",
    "port",
    "browser",
]
GPU = CudaDevice(0, "NVIDIA H200", (9, 0), 150 * 10**9)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> CommandLine:
    for name in list(os.environ):
        if name.startswith("LIVECAPTION_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LIVECAPTION_DOWNLOAD_ROOT", str(tmp_path))
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def finding(name: str, root: Path, port: int = 0) -> checks.Finding:
    return planned(Subject(port=port, root=root))[name]()


def test_a_machine_that_works_passes(command: CommandLine, free_port: int) -> None:
    outcome = command("doctor", "--port", str(free_port))
    assert outcome.status == 0
    assert outcome.err == ""
    lines = outcome.out.splitlines()
    assert [line[6:22].strip() for line in lines if line[:4].strip()] == [
        f"port {free_port}" if name == "port" else name for name in NAMES
    ]
    assert "71.6 of 71.6 s of meeting.flac decoded" in outcome.out
    assert "heard rightly" in outcome.out
    assert re.search(r"about \d+ speakers? at once with micro-en on cpu", outcome.out)
    assert "-> livecaption models pull " in outcome.out


def test_programs_get_json(command: CommandLine, free_port: int) -> None:
    document = json.loads(command("doctor", "--json", "--port", str(free_port)).out)
    assert document["ok"] is True
    assert len(document["findings"]) == len(NAMES)
    assert all(set(f) == {"name", "status", "detail", "advice"} for f in document["findings"])


def test_a_port_in_use_is_a_warning(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        found = finding("port", tmp_path, listener.getsockname()[1])
    assert found.status is Status.WARN
    assert "--port" in found.advice


def test_what_fails_is_reported_and_sets_the_exit_status(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> NoReturn:
        raise MediaError("The audio of meeting.json is missing: put meeting.flac beside it.")

    def broken() -> NoReturn:
        raise ZeroDivisionError("no reason")

    monkeypatch.setattr(checks, "speech_clips", missing)
    monkeypatch.setattr(checks, "has_glibc", broken)
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    outcome = command("doctor", "--json")
    assert outcome.status == 1
    document = json.loads(outcome.out)
    assert document["ok"] is False
    failed = {f["name"]: f["detail"] for f in document["findings"] if f["status"] == "fail"}
    assert set(failed) == {"processor", "audio decoding", "inference"}
    assert failed["audio decoding"].startswith("The audio of meeting.json is missing")
    assert failed["processor"] == "ZeroDivisionError: no reason"


def test_a_gpu_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = "libcublas.so.12 is missing; install it with pip install 'livecaption[cuda12]'"
    monkeypatch.setattr(checks, "probe", lambda: CudaReport(devices=(GPU,), problem=problem))
    found = finding("GPU", tmp_path)
    assert found.status is Status.WARN
    assert found.detail == "NVIDIA H200 cannot be used"
    assert found.advice == problem


def test_a_gpu_that_works_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = CublasLibrary("/lib/libcublas.so.12", (12, 9, 1))
    report = CudaReport(devices=(GPU,), driver=(12, 4), cublas=library)
    monkeypatch.setattr(checks, "probe", lambda: report)
    found = finding("GPU", tmp_path)
    assert found.status is Status.OK
    assert found.detail == (
        "0: NVIDIA H200 (150.0 GB, compute 9.0); driver for CUDA 12.4; /lib/libcublas.so.12 12.9.1"
    )


def test_a_disk_without_room_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "free_bytes", lambda folder: 10**9)
    found = finding("disk", tmp_path)
    assert found.status is Status.WARN
    assert "HF_HOME" in found.advice


def test_settings_that_serve_would_refuse_are_a_finding(command: CommandLine) -> None:
    outcome = command("doctor", "--json", "--port", "99999")
    assert outcome.status == 1
    document = json.loads(outcome.out)
    assert document["findings"][0]["name"] == "settings"
    assert "port" in document["findings"][0]["detail"]


def test_a_model_that_is_named_is_the_one_that_is_measured(tmp_path: Path) -> None:
    settings = load_settings(None, model="micro-en")
    found = planned(Subject(root=tmp_path, settings=settings))["throughput"]()
    assert found.status is not Status.FAIL
    assert "not the model" not in found.advice


def test_a_model_that_is_not_here_is_not_downloaded_to_be_measured(tmp_path: Path) -> None:
    settings = load_settings(None, model=str(tmp_path / "nowhere"))
    found = planned(Subject(root=tmp_path, settings=settings))["throughput"]()
    assert found.status is Status.WARN
    assert found.detail.startswith("not measured: ")
