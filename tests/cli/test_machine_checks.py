"""What ``doctor`` says about the machine: clock, files, transcripts, exposure."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from livecaption.cli import machine_checks
from livecaption.cli.findings import Status
from livecaption.cli.machine_checks import (
    KernelClock,
    clock,
    exposure,
    open_files,
    read_kernel_clock,
    transcripts,
)
from livecaption.settings import load_settings


@pytest.mark.parametrize(
    ("known", "status", "says"),
    [
        ((True, 12_000), Status.OK, "12 ms"),
        ((False, 12_000), Status.WARN, "nothing keeps it right"),
        ((True, 16_000_000), Status.WARN, "nothing keeps it right"),
        (None, Status.OK, "not looked at"),
    ],
)
def test_the_clock_is_right_when_something_keeps_it_so(
    known: KernelClock | None, status: Status, says: str
) -> None:
    found = clock(lambda: known)
    assert found.status is status
    assert says in found.detail
    assert bool(found.advice) == (status is Status.WARN)


def test_the_kernel_is_asked_without_being_changed() -> None:
    known = read_kernel_clock()
    assert known is None or known[1] >= 0
    assert read_kernel_clock() is None or known is not None


@pytest.mark.parametrize(
    ("limits", "status", "says"),
    [
        ((20_000, 20_000), Status.OK, ""),
        ((1024, 1_048_576), Status.WARN, "LimitNOFILE=5192"),
        ((1024, 4096), Status.WARN, "hard limit is 4096"),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), Status.OK, ""),
    ],
)
def test_every_reader_needs_a_file(
    limits: tuple[int, int], status: Status, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits)
    found = open_files(load_settings())
    assert found.status is status
    assert says in found.advice


def test_transcripts_need_a_folder_that_can_be_made_and_room_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(None, data_dir=tmp_path / "a" / "b", max_store_mb=10)
    found = transcripts(settings)
    assert found.status is Status.OK
    assert str(tmp_path / "a" / "b") in found.detail
    assert not (tmp_path / "a").exists(), "looking makes nothing"
    monkeypatch.setattr(machine_checks, "free_bytes", lambda folder: 5_000_000)
    assert transcripts(settings).status is Status.WARN
    monkeypatch.setattr("os.access", lambda path, mode: False)
    refused = transcripts(settings)
    assert refused.status is Status.FAIL
    assert "--data-dir" in refused.advice
    assert transcripts(load_settings(None, store=False)).detail.startswith("kept in memory")


def test_who_reaches_the_server_is_said() -> None:
    assert exposure(load_settings()).detail.endswith("loopback names only")
    named = exposure(load_settings(None, allowed_hosts=("captions.example",), metrics_port=9464))
    assert named.status is Status.OK
    assert "captions.example" in named.detail
    assert "metrics on 127.0.0.1:9464" in named.detail
    everybody = exposure(load_settings(None, host="0.0.0.0", allow_anonymous=True))
    assert everybody.status is Status.WARN
