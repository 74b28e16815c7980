"""``/metrics`` of a server that was used in every way it is measured, and by strangers."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.access.roles import Role
from livecaption.core.audio import SAMPLE_RATE
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.errors import OperatorError
from livecaption.metrics.meters import Door
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.metrics_port import bind_metrics
from livecaption.settings import load_settings
from tests.keys import bearer, make_key
from tests.server.files import hearing, send, wav
from tests.serving import (
    Running,
    events_until,
    open_publisher,
    running_server,
    speech,
    talking,
    within,
)

HOSTILE = "Canary7f3a"
"""Stands in everything that a stranger can choose."""
SPOKEN_S = 2.0


@asynccontextmanager
async def client(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
        yield http


async def scrape(running: Running) -> dict[str, list[Sample]]:
    async with client(running) as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return samples_of(answer.text)


def samples_of(text: str) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def series_of(samples: dict[str, list[Sample]]) -> set[tuple[Any, ...]]:
    return {
        (name, *sorted(sample.labels.items()))
        for name, several in samples.items()
        for sample in several
    }


def value(samples: dict[str, list[Sample]], name: str, **labels: str) -> float:
    (found,) = [s for s in samples[name] if all(s.labels[k] == v for k, v in labels.items())]
    return found.value


def engine() -> ScriptedTranscriber:
    return ScriptedTranscriber(script("good morning to all of you", start=0.2))


async def speak(running: Running, **start: Any) -> None:
    async with open_publisher(running, **start) as publisher:
        await publisher.send(speech(SPOKEN_S))
        await publisher.send(json.dumps({"type": "stop"}))
        await events_until(publisher, "closed")


async def test_a_spoken_sentence_moves_what_it_should() -> None:
    async with running_server(engine()) as running:
        before = await scrape(running)
        await speak(running)
        after = await scrape(running)
    for name in ("words_committed", "audio_received_seconds", "decode_requests", "utterances"):
        assert value(before, f"livecaption_{name}_total") == 0
    assert value(after, "livecaption_words_committed_total") == 6
    assert value(after, "livecaption_audio_received_seconds_total") == SPOKEN_S
    assert value(after, "livecaption_commit_delay_seconds_count") == 6
    assert value(after, "livecaption_first_text_delay_seconds_count") == 1
    assert value(after, "livecaption_utterances_total") == 1
    assert value(after, "livecaption_admissions_total", door="publish") == 1
    assert value(after, "livecaption_streams_ended_total", reason="stop") == 1
    assert value(after, "livecaption_engine_batch_rows_count") >= 1
    assert value(after, "livecaption_engine_audio_seconds_total") > 0
    assert value(after, "livecaption_store_writes_total") > 3
    assert value(after, "livecaption_store_write_seconds_count") > 1
    assert value(after, "livecaption_streams_active") == 0
    assert value(after, "livecaption_server_state", state="ready") == 1
    assert value(after, "livecaption_engine_stage_seconds_count", stage="prepare") >= 1


async def test_counters_stay_when_a_session_ends_and_are_not_counted_twice() -> None:
    async with running_server(engine()) as running:
        async with open_publisher(running, room="one") as publisher:
            await publisher.send(speech(SPOKEN_S))
            await within(lambda: running.hub.sessions.totals.figures.samples == 16_000 * SPOKEN_S)
            during = await scrape(running)
            await publisher.send(json.dumps({"type": "stop"}))
            await events_until(publisher, "closed")
        await within(lambda: len(running.hub.sessions) == 0)
        after = await scrape(running)
    for samples in (during, after):
        assert value(samples, "livecaption_audio_received_seconds_total") == SPOKEN_S
    assert value(during, "livecaption_streams_active") == 1


async def test_a_lost_connection_is_a_detached_stream_and_its_return_a_resume() -> None:
    async with running_server(engine()) as running:
        async with connect(
            f"{running.ws}/ws/publish", subprotocols=[Subprotocol(SUBPROTOCOL)]
        ) as publisher:
            await publisher.send(json.dumps({"type": "start"}))
            ready = json.loads(await publisher.recv())
            publisher.transport.abort()
        await within(lambda: not running.hub.connections)
        lost = await scrape(running)
        resume = {
            "session": ready["session"],
            "resume_token": ready["resume_token"],
            "last_seq": 0,
        }
        async with open_publisher(running, resume=resume):
            back = await scrape(running)
        async with open_publisher(running, resume={**resume, "resume_token": "rt_wrong"}):
            pass
        refused = await scrape(running)
    assert value(lost, "livecaption_streams_detached") == 1
    assert value(lost, "livecaption_streams_active") == 0
    assert value(back, "livecaption_resumes_total", outcome="resumed") == 1
    assert value(back, "livecaption_streams_active") == 1
    assert value(refused, "livecaption_resumes_total", outcome="refused") == 1


async def test_refusals_are_counted_by_door_and_reason() -> None:
    async with running_server(engine(), max_streams=1) as running:
        async with open_publisher(running) as publisher, talking(publisher):
            with pytest.raises(InvalidStatus):
                await connect(f"{running.ws}/ws/publish", subprotocols=[Subprotocol(SUBPROTOCOL)])
        with pytest.raises(InvalidStatus):
            await connect(f"{running.ws}/ws/watch?room=no%20room")
        async with client(running) as http:
            await http.get("/v1/rooms/no room")
            await http.get("/healthz", headers={"Host": "evil.example"})
            await http.delete("/v1/rooms/main", headers={"Origin": "https://evil.example"})
        samples = await scrape(running)
    name = "livecaption_refusals_total"
    assert value(samples, name, door="publish", reason="full") == 1
    assert value(samples, name, door="watch", reason="bad_room") == 1
    assert value(samples, name, door="http", reason="bad_room") == 1
    assert value(samples, name, door="http", reason="bad_host") == 1
    assert value(samples, name, door="http", reason="bad_origin") == 1
    assert value(samples, "livecaption_http_requests_total", method="GET", status="400") == 2


async def test_other_parts_count_through_the_same_object() -> None:
    async with running_server(engine()) as running:
        meters = running.hub.meters
        meters.refused(Door.HTTP, "key_expired")
        meters.refused(Door.HTTP, "lc_" + HOSTILE)
        meters.limited("connects")
        meters.uploaded("done", size=1000, audio_s=60.0, took=4.0)  # type: ignore[arg-type]
        meters.job_ended("failed")  # type: ignore[arg-type]
        meters.jobs_waiting = 3
        samples = await scrape(running)
    assert value(samples, "livecaption_auth_failures_total", reason="key_expired") == 1
    refusals = "livecaption_refusals_total"
    assert value(samples, refusals, door="http", reason="other") == 1
    assert value(samples, "livecaption_rate_limited_total", limit="connects") == 1
    assert value(samples, "livecaption_uploads_total", outcome="done") == 1
    assert value(samples, "livecaption_upload_bytes_total") == 1000
    assert value(samples, "livecaption_upload_audio_seconds_total") == 60
    assert value(samples, "livecaption_upload_seconds_count") == 1
    assert value(samples, "livecaption_jobs_total", outcome="failed") == 1
    assert value(samples, "livecaption_jobs_active", state="waiting") == 3


async def test_nothing_a_stranger_chooses_becomes_a_label_or_a_series() -> None:
    async with running_server(engine()) as running:
        await speak(running, speaker="a")
        before = series_of(await scrape(running))
        for number in range(3):
            await speak(running, room=f"{HOSTILE}-{number}", speaker=HOSTILE, vocabulary=[HOSTILE])
        address = f"{running.ws}/ws/watch?room={HOSTILE}"
        async with connect(address, subprotocols=[Subprotocol(SUBPROTOCOL)]) as watcher:
            await watcher.send(json.dumps({"type": "hello", "token": f"lct.{HOSTILE}"}))
        wish = {"session": f"s_{HOSTILE}", "resume_token": f"rt_{HOSTILE}", "last_seq": 0}
        await speak(running, resume=wish)
        headers = {
            "Authorization": f"Bearer lc_{HOSTILE}",
            "User-Agent": HOSTILE,
            "X-Request-Id": HOSTILE,
            "X-Forwarded-For": HOSTILE,
        }
        async with client(running) as http:
            for path in (f"/{HOSTILE}", f"/watch/{HOSTILE}", f"/v1/rooms/{HOSTILE}?key={HOSTILE}"):
                await http.get(path, headers=headers)
            await http.request(HOSTILE.upper(), "/", headers=headers)
            answer = await http.get("/metrics", headers=headers)
        after = samples_of(answer.text)
        sessions = [ended for ended in running.hub.sessions.ended_by if ended]
    assert sessions == ["stop"]
    assert HOSTILE.lower() not in answer.text.lower()
    for samples in after.values():
        for sample in samples:
            for label, text in sample.labels.items():
                assert re.fullmatch(r"[a-z_]+", label)
                assert not re.search(r"s_[A-Za-z0-9_-]{10,}|rt_|lc_|127\.0\.0\.1", text), sample
    new = series_of(after) - before
    # What is new are combinations of our own words: statuses, methods and reasons seen first now.
    assert {series[0] for series in new} <= {
        "livecaption_http_requests_total",
        "livecaption_refusals_total",
    }
    assert len(new) < 12


async def test_names_follow_the_conventions() -> None:
    async with running_server(engine()) as running, client(running) as http:
        text = (await http.get("/metrics")).text
    foreign = ("process_", "python_")
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        if family.name.startswith(foreign):
            continue
        assert family.name.startswith("livecaption_"), family.name
        assert not re.search(r"_(ms|minutes|kb|mb|percent)(_|$)", family.name)
        if family.type == "counter":
            assert all(s.name.endswith("_total") for s in family.samples), family.name
        else:
            assert not family.name.endswith("_total"), family.name


async def test_openmetrics_is_there_for_those_who_ask() -> None:
    async with running_server(engine()) as running, client(running) as http:
        answer = await http.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_two_servers_in_one_process_do_not_mix() -> None:
    async with running_server(engine()) as one, running_server(engine()) as other:
        await speak(one)
        assert value(await scrape(one), "livecaption_words_committed_total") == 6
        assert value(await scrape(other), "livecaption_words_committed_total") == 0


# --- who may look --------------------------------------------------------------------------------


async def test_metrics_are_not_for_those_who_come_through_a_proxy() -> None:
    async with running_server(engine(), allowed_hosts=("captions.example",)) as running:
        async with client(running) as http:
            inside = await http.get("/metrics")
            outside = await http.get("/metrics", headers={"Host": "captions.example"})
    assert inside.status_code == 200
    assert outside.status_code == 403
    assert outside.json()["error"]["code"] == "not_allowed"
    assert "livecaption_" not in outside.text


async def test_a_server_open_to_the_network_shows_no_metrics_on_its_main_port() -> None:
    async with running_server(engine(), host="0.0.0.0", allow_anonymous=True) as running:
        async with client(running) as http:
            assert (await http.get("/metrics")).status_code == 403
            assert (await http.get("/v1/admin/state")).status_code == 403
            assert (await http.post("/v1/admin/drain")).status_code == 403
        assert not running.hub.closing


async def test_a_port_of_its_own_serves_metrics_and_probes_under_loopback_names_only() -> None:
    async with running_server(engine(), metrics_port=0) as running:
        assert running.metrics_port is not None
        base = f"http://127.0.0.1:{running.metrics_port}"
        async with httpx2.AsyncClient(base_url=base, timeout=10) as http:
            scraped = await http.get("/metrics")
            probes = [(await http.get(path)).status_code for path in ("/healthz", "/readyz")]
            rebound = await http.get("/metrics", headers={"Host": "evil.example"})
            other = await http.get("/v1/rooms")
    assert "livecaption_streams_active 0.0" in scraped.text
    assert probes == [200, 200]
    assert rebound.status_code == 400
    assert other.status_code == 404


def heard_s(running: Running) -> float:
    return sum(held.live.session.received for held in running.hub.sessions) / SAMPLE_RATE


async def test_metrics_are_served_until_the_last_session_has_drained() -> None:
    held = asyncio.Event()
    async with running_server(engine(), metrics_port=0) as running:
        async with open_publisher(running) as publisher:
            await publisher.send(speech(SPOKEN_S))
            await within(lambda: heard_s(running) == SPOKEN_S)
            running.server.leave()
            await events_until(publisher, "final")
            held.set()
        base = f"http://127.0.0.1:{running.metrics_port}"
        assert running.hub.status == "draining"
    assert held.is_set()
    async with httpx2.AsyncClient(base_url=base, timeout=5) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get("/metrics")


def test_a_metrics_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = load_settings(None, metrics_port=taken.getsockname()[1])
        with pytest.raises(OperatorError, match="--metrics-port"):
            bind_metrics(settings)
    assert bind_metrics(load_settings()) is None


async def test_files_jobs_and_keys_are_counted_where_they_end(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.TRANSCRIBE)
    async with hearing(data_dir=tmp_path, max_file_s=5.0, job_workers=0) as running:
        meters = running.hub.meters
        assert (await send(running, "/transcribe", wav(2), headers=bearer(key))).status_code == 200
        assert (await send(running, "/transcribe", wav(6), headers=bearer(key))).status_code == 413
        assert (await send(running, "/transcribe", headers=bearer("lck_wrong"))).status_code == 401
        received = meters.upload_bytes
        sent = wav()
        job = (await send(running, "/v1/jobs", sent, headers=bearer(key))).json()["id"]
        assert meters.upload_bytes - received == len(sent)
        bad = await send(running, "/v1/jobs", headers=bearer(key), task="sing")
        assert bad.status_code == 400
        async with client(running) as http:
            assert (await http.delete(f"/v1/jobs/{job}", headers=bearer(key))).status_code == 204
    uploads = {outcome: meters.uploads[outcome] for outcome in ("done", "refused", "queued")}
    assert uploads == {"done": 1, "refused": 2, "queued": 1}
    assert meters.upload_took.count == 1, "only a transcript took its time"
    assert meters.upload_audio_s == pytest.approx(2.0, abs=0.1)
    assert meters.auth_failures["bad_key"] == 1
    assert meters.jobs["cancelled"] == 1
