"""The shipped units, as systemd reads them. None is started: tests have no systemd for that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livecaption.settings import Settings

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = ("livecaption", "livecaption-worker")
DRAIN_MORE_S = 5
"""What the server takes beyond ``drain_s``."""


def required_analyzer() -> str:
    """Return the path of systemd-analyze; skip, or fail where it is required."""
    path = shutil.which("systemd-analyze")
    if path is None:
        reason = "systemd-analyze is not installed"
        if os.environ.get("LIVECAPTION_REQUIRE_SYSTEMD") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def settings_of(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / f"{unit}.service").read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def installed(unit: str, folder: Path, *, gpu: bool) -> Path:
    """Put a unit where its drop-in counts."""
    placed = folder / f"{unit}.service"
    shutil.copy(SYSTEMD / placed.name, placed)
    if gpu:
        (folder / f"{unit}.service.d").mkdir()
        shutil.copy(
            SYSTEMD / "livecaption.service.d" / "gpu.conf", folder / f"{unit}.service.d/gpu.conf"
        )
    return placed


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("gpu", "most"), [(False, 1.3), (True, 1.5)])
def test_little_is_exposed(unit: str, *, gpu: bool, most: float, tmp_path: Path) -> None:
    placed = installed(unit, tmp_path, gpu=gpu)
    answer = subprocess.run(
        [required_analyzer(), "security", "--offline=true", "--no-pager", str(placed)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (level,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", answer.stdout)
    assert float(level) <= most


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(unit: str, tmp_path: Path) -> None:
    placed = installed(unit, tmp_path, gpu=True)
    shutil.copy(SYSTEMD / "livecaption-gpu.service", tmp_path)
    for file in tmp_path.glob("*.service"):  # programs that this machine has
        file.write_text(
            re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", file.read_text())
        )
    answer = subprocess.run(
        [required_analyzer(), "verify", "--man=no", str(placed)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    ours = [line for line in answer.stderr.splitlines() if str(tmp_path) in line]
    assert not ours
    assert "Unknown" not in answer.stderr


def test_the_server_has_time_to_say_what_was_said() -> None:
    unit = settings_of("livecaption")
    environment = dict(
        line.split("=", 1)
        for line in (SYSTEMD / "livecaption.env").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    drain_s = float(environment["LIVECAPTION_DRAIN_S"])
    assert drain_s == Settings.model_fields["drain_s"].default
    assert float(unit["TimeoutStopSec"][0]) >= drain_s + DRAIN_MORE_S + 10
    assert unit["KillSignal"] == ["SIGTERM"]
    assert float(unit["RestartSec"][0]) < Settings.model_fields["resume_grace_s"].default / 10
    assert unit["Type"] == ["exec"], "the server does not know sd_notify"


def test_secrets_are_credentials_and_not_in_the_environment() -> None:
    for unit, secret in zip(UNITS, ("pepper", "redis_url"), strict=True):
        found = settings_of(unit)
        assert f"{secret}:/etc/livecaption/secrets/{secret}" in found["LoadCredential"]
        assert "LIVECAPTION_SECRETS_DIR=%d" in found["Environment"]
    text = (SYSTEMD / "livecaption.env").read_text("utf-8")
    assert not re.search(r"(?i)(pepper|api_key|redis_url|_secret)=", text)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_command_runs_with_the_services_user_settings_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "pepper").write_text("0123456789")
    (tmp_path / "secrets" / "pepper").chmod(0o400)
    (tmp_path / "livecaption.env").write_text("LIVECAPTION_PORT=8123\n")
    shown = 'id -un; echo $LIVECAPTION_PORT; cat "$LIVECAPTION_SECRETS_DIR/pepper"; echo; '
    shown += 'echo "$LIVECAPTION_SECRETS_DIR"; stat -c %a "$LIVECAPTION_SECRETS_DIR"; exit 3'
    answer = subprocess.run(
        [SYSTEMD / "livecaption-as-service", "-c", shown],
        env={
            **os.environ,
            "LIVECAPTION_ETC": str(tmp_path),
            "LIVECAPTION_PROGRAM": "/bin/sh",
            "LIVECAPTION_USER": "nobody",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    user, port, pepper, folder, mode = answer.stdout.splitlines()
    assert (user, port, pepper, mode) == ("nobody", "8123", "0123456789", "700")
    assert answer.returncode == 3
    assert not Path(folder).exists()
