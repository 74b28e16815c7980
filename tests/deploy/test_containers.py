"""What is shipped for containers, as far as it can be tried without an engine to run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from livecaption.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OURS = ("livecaption", "worker")
GRACE_S = 15
"""Beyond the longest drain."""


class _Reading(yaml.SafeLoader):
    """Knows the tags of Compose that say what a second file does to the first."""


def _listed(loader: yaml.SafeLoader, node: yaml.Node) -> list[Any]:
    assert isinstance(node, yaml.SequenceNode)
    return list(loader.construct_sequence(node, deep=True))


_Reading.add_constructor("!reset", lambda _loader, _node: None)
_Reading.add_constructor("!override", _listed)


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((DEPLOY / name).read_text("utf-8"), _Reading)
    return found


SERVICES = compose()["services"]


@pytest.mark.parametrize("name", [*OURS, "redis", "caddy", "nginx", "prometheus", "grafana"])
def test_a_container_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["pids_limit"]


def test_only_the_proxies_are_open_to_other_machines() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", ()):
            assert name in ("caddy", "nginx") or port.startswith("127.0.0.1:"), (name, port)


def test_the_server_believes_its_proxies_and_nobody_else() -> None:
    believed = SERVICES["livecaption"]["environment"]["LIVECAPTION_TRUSTED_PROXIES"].split(",")
    proxies = [SERVICES[name]["networks"]["front"]["ipv4_address"] for name in ("caddy", "nginx")]
    assert believed == proxies


def test_the_server_has_a_gpu_and_time_to_say_what_was_said() -> None:
    server = SERVICES["livecaption"]
    (device,) = server["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    drain_s = Settings.model_fields["drain_s"].default
    assert int(server["stop_grace_period"].removesuffix("s")) >= drain_s + 5 + GRACE_S
    assert compose("compose.cpu.yaml")["services"]["livecaption"]["deploy"] is None


def test_every_secret_volume_network_and_mounted_file_is_there() -> None:
    project = compose()
    for name, service in project["services"].items():
        for secret in service.get("secrets", ()):
            assert secret in project["secrets"], name
        for network in service.get("networks", ()):
            assert network in project["networks"], name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), f"{name}: {source}"
            elif not source.startswith("$"):
                assert source in project["volumes"], f"{name}: {source}"
    for given in compose("compose.redis.yaml")["services"]["livecaption"]["secrets"]:
        assert given["source"] in project["secrets"]


def accepted(project: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What Compose itself says of a project; it needs no engine for that."""
    program = shutil.which("docker-compose")
    if program is None:
        if os.environ.get("LIVECAPTION_REQUIRE_COMPOSE") == "1":
            pytest.fail("docker-compose is not installed")
        pytest.skip("docker-compose is not installed")
    # Debian's is from before projects could have a name in the file.
    nameless = {key: value for key, value in project.items() if key != "name"}
    file = folder / "compose.yaml"
    file.write_text(yaml.safe_dump(nameless), "utf-8")
    command = (program, "--project-directory", str(DEPLOY), "--file", str(file), "config")
    environment = {**os.environ, "CAPTIONS_HOST": "captions.example", "MODEL": "micro-en"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_compose_accepts_the_project_and_would_not_accept_any(tmp_path: Path) -> None:
    project = compose()
    done = accepted(project, tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(SERVICES)
    server = project["services"]["livecaption"]
    server["stop_grace"] = server.pop("stop_grace_period")
    assert "stop_grace" in accepted(project, tmp_path).stderr


def test_no_secret_is_written_into_the_files() -> None:
    for path in (ROOT / "Dockerfile", *DEPLOY.glob("compose*.yaml")):
        text = path.read_text("utf-8")
        assert not re.search(
            r"(?i)(password|pepper|api_key|token)\s*[:=]\s*[\"']?[A-Za-z0-9]{6,}", text
        )


def test_the_proxy_of_the_project_finds_what_it_changes_in_the_site() -> None:
    site = (DEPLOY / "nginx" / "livecaption.conf").read_text("utf-8")
    changes = re.findall(r"s([/#])(.+?)\1(.+?)\1'", SERVICES["nginx"]["command"][2])
    assert len(changes) == 3
    for _, wanted, _ in changes[:2]:
        assert wanted in site


def test_monitoring_asks_the_same_as_without_containers() -> None:
    monitoring = DEPLOY / "monitoring"
    for ours, theirs in (
        ("compose/prometheus.yml", "prometheus.yml"),
        ("compose/datasource.yml", "grafana/provisioning/datasources/prometheus.yml"),
    ):
        text = (monitoring / ours).read_text("utf-8")
        local = re.sub(r"\b(livecaption|dcgm|prometheus):(\d{4})", r"localhost:\2", text)
        assert yaml.safe_load(local) == yaml.safe_load((monitoring / theirs).read_text("utf-8"))
        assert "localhost" not in text


def test_the_image_is_built_from_what_it_is_given() -> None:
    """What the build copies is not held back by .dockerignore, and exists."""
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copied = re.findall(r"(?m)^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"))
    names = {name for line in copied for name in line.split()}
    assert names == let_in
    for name in names:
        assert (ROOT / name).exists()


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    stages = text.split("\nFROM ")
    assert "\nUSER 10001:10001\n" in stages[-1]
    assert "\nHEALTHCHECK " in stages[-1]
    assert "/healthz" in stages[-1]
    assert 'ENTRYPOINT ["livecaption"]' in stages[-1]
