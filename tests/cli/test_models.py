from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import CommandLine
from tests.engine.fake_hub import FakeHub, serving_the_bundled_model


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
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving_the_bundled_model(monkeypatch) as running:
        yield running


def test_the_list_says_what_is_here_and_what_auto_means(command: CommandLine) -> None:
    outcome = command("models", "list")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0].split()[:3] == ["micro-en", "9", "MB"]
    assert "synthetic English voices only" in lines[0]
    assert "large-v3-turbo" in lines
    assert lines[-1].startswith("auto is ")
    assert "fetch it with: livecaption models pull" in lines[-1]


def test_a_pulled_model_is_listed_as_downloaded(hub: FakeHub, command: CommandLine) -> None:
    outcome = command("models", "pull", "small")
    assert outcome.status == 0
    assert outcome.out.startswith("small is in ")
    assert Path(outcome.out.removeprefix("small is in ").strip()).is_dir()
    # Piped, a download is one line, not a bar.
    assert outcome.err.startswith("Downloading Systran/faster-whisper-small (9 MB) to ")
    assert len(outcome.err.splitlines()) == 1
    listed = command("models", "list").out
    assert "small                 9 MB  downloaded" in listed


def test_auto_can_be_pulled(hub: FakeHub, command: CommandLine) -> None:
    assert command("models", "pull", "auto").status == 0
    assert "fetch it with" not in command("models", "list").out


def test_the_bundled_model_needs_no_pull(command: CommandLine) -> None:
    outcome = command("models", "pull", "micro-en")
    assert (outcome.status, outcome.err) == (0, "")
    assert "ships with livecaption" in outcome.out


def test_a_pull_without_network_keeps_what_is_here(
    hub: FakeHub, command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("models", "pull", "tiny").status == 0
    hub.refusals["Systran/"] = (503, {})
    again = command("models", "pull", "tiny")
    assert again.status == 0
    assert "The version that is here stays." in again.err
    other = command("models", "pull", "base")
    assert other.status == 1
    assert "HTTP 503" in other.err


@pytest.mark.parametrize("name", ["smal", "no such thing", "acme/missing"])
def test_what_does_not_exist_is_one_sentence(hub: FakeHub, command: CommandLine, name: str) -> None:
    hub.refusals["acme/missing"] = (404, {"X-Error-Code": "RepoNotFound"})
    outcome = command("models", "pull", name)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: There is no model {name}")
    assert len(outcome.err.splitlines()) == 1
