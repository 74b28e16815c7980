"""Dashboard and alerts against the metrics of a real, loaded server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.engine.scripted import script
from livecaption.metrics.gpu import GpuReading
from livecaption.protocol.limits import SUBPROTOCOL
from tests.deploy.monitoring import (
    MONITORING,
    Query,
    all_queries,
    dashboard,
    dcgm_names,
    rules,
    selectors,
)
from tests.deploy.staged import StagedTranscriber
from tests.serving import Running, events_until, open_publisher, running_server, speech, talking

GIB = 2**30
OURS_ELSEWHERE = {"job", "instance"}
"""Labels that Prometheus adds to what it scrapes."""
DCGM_LABELS = {"gpu", "UUID", "device", "modelName", "Hostname", "job", "instance"}


def required(program: str) -> str:
    """Return the path of a program; skip, or fail where it is required."""
    path = shutil.which(program)
    if path is None:
        reason = f"{program} is not installed"
        if os.environ.get("LIVECAPTION_REQUIRE_PROMETHEUS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@asynccontextmanager
async def loaded_server(**given: Any) -> AsyncIterator[Running]:
    """A server that has spoken, refused, failed and counted whatever it can."""
    engine = StagedTranscriber(script("good morning to all of you", start=0.2))
    async with running_server(engine, metrics_port=0, max_streams=2, **given) as running:
        async with open_publisher(running) as one, open_publisher(running, room="two") as other:
            for publisher in (one, other):
                await publisher.send(speech(2.0))
                await publisher.send(json.dumps({"type": "finalize"}))
                await events_until(publisher, "finalized")
            with pytest.raises(InvalidStatus):
                async with talking(one), talking(other):
                    await connect(
                        f"{running.ws}/ws/publish", subprotocols=[Subprotocol(SUBPROTOCOL)]
                    )
            reading = GpuReading(0, used_bytes=GIB, total_bytes=80 * GIB, busy=0.5, celsius=60)
            running.server._app.state.scrapes.gpus.latest = (reading,)
            async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
                await http.get("/healthz")
            yield running


async def samples() -> list[Sample]:
    async with loaded_server() as running:
        async with httpx2.AsyncClient(timeout=10) as http:
            text = (await http.get(f"http://127.0.0.1:{running.metrics_port}/metrics")).text
    return [s for family in text_string_to_metric_families(text) for s in family.samples]


async def test_every_query_names_metrics_and_labels_that_a_loaded_server_shows() -> None:
    found = await samples()
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    checked = 0
    for query in all_queries():
        for selector in selectors(query.expr):
            checked += 1
            if selector.metric.startswith("DCGM_"):
                assert selector.metric in dcgm_names(), query
                assert {label for label, _ in selector.labels} <= DCGM_LABELS, query
                continue
            if selector.metric in recorded or selector.metric == "up":
                continue
            same = [s for s in found if s.name == selector.metric]
            assert same, f"{query.where}: there is no metric {selector.metric}"
            for label, wanted in selector.labels:
                if label in OURS_ELSEWHERE:
                    continue
                assert any(re.fullmatch(wanted, s.labels.get(label, "")) for s in same), (
                    f"{query.where}: no {selector.metric} has {label} {wanted!r}"
                )
    assert checked > 100


async def test_the_dashboard_shows_every_metric_there_is() -> None:
    """What nobody looks at is not worth its place; what is not shown is listed here."""
    shown = {selector.metric for query in all_queries() for selector in selectors(query.expr)}
    stems = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in shown}
    ours = {
        re.sub(r"_(bucket|sum|count|total)$", "", sample.name)
        for sample in await samples()
        if sample.name.startswith("livecaption_")
    }
    assert ours - stems == {
        "livecaption_build_info",  # picks the servers at the top
        "livecaption_model_info",
        "livecaption_utterances",
        "livecaption_decode_requests",
        "livecaption_closing_decodes_saved",
        "livecaption_gaps",  # seconds of it are shown
    }


async def test_the_documentation_names_every_metric() -> None:
    text = (MONITORING.parents[1] / "docs" / "monitoring.md").read_text("utf-8")
    listed = set(re.findall(r"`([a-z_]+)(?:\{[^`]*\})?`", text))
    shown = {
        re.sub(r"_(bucket|sum|count)$", "", sample.name.removeprefix("livecaption_"))
        for sample in await samples()
        if sample.name.startswith("livecaption_")
    }
    assert shown - listed == set()


def test_prometheus_accepts_configuration_and_rules() -> None:
    promtool = required("promtool")
    for check in (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "rules/livecaption.yml"],
        ["test", "rules", "rules/livecaption.test.yml"],
    ):
        done = subprocess.run(
            [promtool, *check], cwd=MONITORING, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_out_and_says_what_to_do() -> None:
    tests = yaml.safe_load((MONITORING / "rules" / "livecaption.test.yml").read_text("utf-8"))
    raised = {
        tried["alertname"]
        for test in tests["tests"]
        for tried in test["alert_rule_test"]
        if tried.get("exp_alerts")
    }
    alerts = [rule for rule in rules() if "alert" in rule]
    assert {rule["alert"] for rule in alerts} == raised
    for rule in alerts:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert len(rule["annotations"]["action"]) > 20, rule["alert"]
        assert "$labels.instance" in rule["annotations"]["summary"]


def test_every_alert_has_a_runbook_and_every_runbook_its_alerts() -> None:
    text = (MONITORING.parents[1] / "docs" / "operations" / "runbooks.md").read_text("utf-8")
    headed = [line for line in text.splitlines() if line.startswith("Alert")]
    named = [f"Livecaption{name}" for line in headed for name in re.findall(r"\*(\w+)\*", line)]
    assert sorted(named) == sorted(rule["alert"] for rule in rules() if "alert" in rule)


async def test_a_real_prometheus_answers_every_query(tmp_path: Path) -> None:
    """Nothing else knows for certain that a query is one, and that it gives numbers."""
    prometheus = required("prometheus")
    async with loaded_server() as running:
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(MONITORING / "rules" / "livecaption.yml")],
            "scrape_configs": [
                {
                    "job_name": "livecaption",
                    "static_configs": [{"targets": [f"127.0.0.1:{running.metrics_port}"]}],
                }
            ],
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
        async with started(prometheus, tmp_path) as url:
            async with httpx2.AsyncClient(base_url=url, timeout=10) as http:
                await scraped(http, 3)
                wanted = [
                    query
                    for query in all_queries()
                    if query.where.startswith("panel")
                    and "DCGM" not in query.expr
                    and "> 0" not in query.expr
                ]
                silent = await unanswered(http, wanted, within_s=30.0)
    assert silent == []


@asynccontextmanager
async def started(prometheus: str, folder: Path) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--log.level=info",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while True:
                line = (await process.stderr.readline()).decode()
                assert line, "prometheus ended"
                if found := re.search(r'Listening on"?.*address=(127\.0\.0\.1:\d+)', line):
                    break
        drained = asyncio.create_task(process.stderr.read())
        yield f"http://{found[1]}"
    finally:
        process.terminate()
        await process.wait()
    await drained


async def scraped(http: httpx2.AsyncClient, times: int) -> None:
    """Wait until a server has been asked so often."""
    query = "count_over_time(livecaption_streams_active[1m])"
    async with asyncio.timeout(60):
        while True:
            result = await result_of(http, query)
            if result and float(result[0]["value"][1]) >= times:
                return
            await asyncio.sleep(0.2)


async def unanswered(http: httpx2.AsyncClient, queries: list[Query], within_s: float) -> list[str]:
    """Return where queries stand that give no number even after a while.

    A rule is evaluated on a clock of its own, and a rate needs two samples of it.
    """
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        queries = [query for query in queries if not await result_of(http, query.expr)]
        if not queries or asyncio.get_running_loop().time() > deadline:
            return [query.where for query in queries]
        await asyncio.sleep(0.5)


async def result_of(http: httpx2.AsyncClient, expr: str) -> list[dict[str, Any]]:
    answer = await http.get("/api/v1/query", params={"query": expr})
    document = answer.json()
    assert document["status"] == "success", (expr, document)
    found: list[dict[str, Any]] = document["data"]["result"]
    return found


def test_the_dashboard_is_one_that_grafana_can_provision() -> None:
    board = dashboard()
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in board["panels"]]
    assert len(titles) == len(set(titles))
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= place["x"] + place["w"] <= 24
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert variables == {"datasource", "job", "instance"}
    source = yaml.safe_load(
        (MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")
    )
    (data,) = source["datasources"]
    assert data["uid"] == board["templating"]["list"][0]["current"]["value"]
    provider = yaml.safe_load(
        (MONITORING / "grafana/provisioning/dashboards/livecaption.yml").read_text("utf-8")
    )
    assert provider["providers"][0]["type"] == "file"


def test_panels_do_not_cover_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
