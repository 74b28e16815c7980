"""The manifests, against the schemas that Kubernetes publishes."""

from __future__ import annotations

import copy
import importlib
import os
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic import ValidationError

from livecaption.settings import Settings
from tests.deploy.monitoring import selectors
from tests.deploy.test_monitoring import samples

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSIONS = ("1.29", "1.34")
DRAIN_MORE_S = 5


def documents() -> list[dict[str, Any]]:
    return [
        document
        for path in sorted(KUBERNETES.rglob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text("utf-8"))
    ]


def the(kind: str) -> dict[str, Any]:
    (found,) = (document for document in documents() if document["kind"] == kind)
    return found


def container() -> dict[str, Any]:
    (found,) = the("StatefulSet")["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(version: str) -> None:
    checked = 0
    for document in documents():
        if document["apiVersion"].startswith("keda.sh/"):
            continue  # not of Kubernetes itself; see below
        kubernetes_validate.validate(document, version, strict=True)
        checked += 1
    assert checked == 6


def test_a_server_has_time_to_say_what_was_said() -> None:
    pod = the("StatefulSet")["spec"]["template"]["spec"]
    before_s = int(container()["lifecycle"]["preStop"]["exec"]["command"][1])
    environment = {entry["name"]: entry["value"] for entry in container()["env"]}
    drain_s = float(environment["LIVECAPTION_DRAIN_S"])
    assert drain_s == Settings.model_fields["drain_s"].default
    assert pod["terminationGracePeriodSeconds"] >= before_s + drain_s + DRAIN_MORE_S + 10


def test_probes_ask_what_the_server_answers() -> None:
    """A server that is full must not be restarted: liveness does not ask for readiness."""
    probes = {name: container()[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    assert probes["startup"]["httpGet"]["path"] == "/healthz"
    assert probes["liveness"]["httpGet"]["path"] == "/healthz"
    assert probes["readiness"]["httpGet"]["path"] == "/readyz"
    startup = probes["startup"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 900
    assert container()["resources"]["limits"]["nvidia.com/gpu"] == 1


def test_a_pod_can_do_little() -> None:
    allowed = container()["securityContext"]
    assert allowed["readOnlyRootFilesystem"] is True
    assert allowed["allowPrivilegeEscalation"] is False
    assert allowed["capabilities"] == {"drop": ["ALL"]}
    pod = the("StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False


def test_everything_selects_the_servers() -> None:
    labels = the("StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert the("Service")["spec"]["selector"] == labels
    assert the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    ports = {port["name"] for port in container()["ports"]}
    for rule in the("NetworkPolicy")["spec"]["ingress"]:
        assert {port["port"] for port in rule["ports"]} <= ports


async def test_the_metrics_that_scale_it_are_those_of_a_server() -> None:
    scaled = the("ScaledObject")
    assert scaled["spec"]["scaleTargetRef"]["name"] == the("StatefulSet")["metadata"]["name"]
    (trigger,) = scaled["spec"]["triggers"]
    names = {selector.metric for selector in selectors(trigger["metadata"]["query"])}
    assert names == {"livecaption_streams_active", "livecaption_streams_detached"}
    assert names <= {sample.name for sample in await samples()}


def keda() -> Any:
    """KEDA's resources as a package has them, made from the schemas that KEDA publishes."""
    reason = "cloudcoil-models-keda is not installed"
    try:
        return importlib.import_module("cloudcoil.models.keda.v1alpha1")
    except ModuleNotFoundError:
        if os.environ.get("LIVECAPTION_REQUIRE_KEDA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def test_what_scales_it_is_valid_for_keda_and_has_no_field_that_keda_does_not_know() -> None:
    document = the("ScaledObject")
    read = keda().ScaledObject.model_validate(document)
    # Unknown fields are not refused, but forgotten.
    assert read.model_dump(by_alias=True, exclude_unset=True, mode="json") == document


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("spec", "pollingInterval"), "soon"),
        (("spec", "scaleTargetRef"), {"kind": "StatefulSet"}),
        (("spec", "triggers", 0, "metadata", "threshold"), 12),
        (("spec", "triggers", 0), {"type": "prometheus"}),
        (("kind",), "ScaledObjects"),
        (
            ("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown"),
            {"policies": [{"type": "Pods"}]},
        ),
    ],
)
def test_a_scaled_object_with_a_mistake_is_found_out(path: tuple[Any, ...], wrong: Any) -> None:
    document = copy.deepcopy(the("ScaledObject"))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    with pytest.raises(ValidationError):
        keda().ScaledObject.model_validate(document)
