from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livecaption.cli import app
from livecaption.errors import OperatorError

runner = CliRunner()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--capacity", "--soak", "1"], "ask for one of them"),
        (["--url", "ws://localhost:1", "--hop", "1"], "--hop cannot be told to a server"),
        (["--clips", "/no/such/folder"], "There is no folder /no/such/folder"),
        (["--url", "gopher://x"], "is not a server's address"),
        (["--model", "/no/such/model"], "/no/such/model"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(
    arguments: list[str], sentence: str
) -> None:
    result = runner.invoke(app, ["bench", *arguments])
    assert isinstance(result.exception, OperatorError)
    assert sentence in str(result.exception)


def test_a_server_that_is_not_there_is_refused_in_a_sentence() -> None:
    result = runner.invoke(app, ["bench", "--url", "ws://127.0.0.1:1", "--seconds", "5"])
    assert isinstance(result.exception, OperatorError)
    assert "No stream could be played" in str(result.exception)


@pytest.mark.realtime
def test_a_server_that_hears_a_script_is_measured_end_to_end(tmp_path: Path) -> None:
    arguments = ["--model", "scripted", "--streams", "3", "--seconds", "5", "--soak", "0.15"]
    result = runner.invoke(app, ["bench", *arguments, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "soak.json").read_text())
    assert report["streams"] == 3
    assert report["sessions"] >= 3
    assert report["total"]["problems"] == []
    assert report["total"]["lost_s"] == 0
    assert set(report["trends"]) == {"lag_s", "rss_mib", "descriptors", "threads", "tasks"}
