"""Settings in files: how systemd, Docker and Kubernetes hand secrets on."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecaption.errors import OperatorError
from livecaption.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVECAPTION_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_a_file_sets_what_it_is_named_after(folder: Path) -> None:
    (folder / "sinks").write_text("zoom:a=https://zoom.example/one zoom:b=https://z.example/2\n")
    (folder / "max_streams").write_text("7\n")
    settings = load_settings(None)
    assert settings.max_streams == 7
    assert len(settings.sinks) == 2
    assert "zoom.example" not in repr(settings)


def test_the_environment_wins_over_a_file_and_that_over_the_configuration(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "livecaption.toml"
    config.write_text("port = 1\nmax_streams = 1\n")
    (folder / "port").write_text("2")
    (folder / "max_streams").write_text("2")
    monkeypatch.setenv("LIVECAPTION_PORT", "3")
    settings = load_settings(config)
    assert (settings.port, settings.max_streams) == (3, 2)


def test_files_of_other_names_mean_nothing(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "tls.crt").write_text("x")
    settings = load_settings(None)
    assert settings.model_dump() == load_settings(None, port=8000).model_dump()
    assert settings.port == 8000


def test_a_folder_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECAPTION_SECRETS_DIR", "/nowhere/secrets")
    with pytest.raises(OperatorError, match="/nowhere/secrets"):
        load_settings(None)
