"""Files that nobody waits for, over HTTP, with a scripted engine."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from livecaption.access.roles import KeyLimits, Role
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.engine.scripted_files import ScriptedFiles
from tests.buckets import bucket_named
from tests.egress.receiver import Got, Receiver
from tests.keys import bearer, make_key
from tests.media.claims import refused_claims
from tests.server.files import WORDS, hearing, send, wav
from tests.serving import Running, running_server

TEXT = "one two three four five"


async def get(running: Running, path: str, **given: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.get(running.http + path, **given)


async def delete(running: Running, path: str, **given: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.delete(running.http + path, **given)


async def submitted(running: Running, seconds: float = 40, **fields: Any) -> dict[str, Any]:
    answer = await send(running, "/v1/jobs", wav(seconds), **fields)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert answer.headers["location"] == job["url"]
    return job


async def until(
    running: Running, url: str, *states: str, within_s: float = 120.0, **given: Any
) -> dict[str, Any]:
    """Poll a job, as a client does."""
    async with asyncio.timeout(within_s):
        while True:
            job: dict[str, Any] = (await get(running, url, **given)).json()
            if job["status"] in states:
                return job
            await asyncio.sleep(0.05)


async def until_settled(running: Running, url: str) -> dict[str, Any]:
    """Poll a job until its only delivery is settled."""
    async with asyncio.timeout(60):
        while True:
            job: dict[str, Any] = (await get(running, url)).json()
            if job["deliveries"][0]["status"] != "pending":
                return job
            await asyncio.sleep(0.05)


async def until_tried(running: Running, url: str) -> dict[str, Any]:
    """Poll a job until its only delivery has been tried."""
    async with asyncio.timeout(60):
        while True:
            delivery: dict[str, Any]
            (delivery,) = (await get(running, url)).json()["deliveries"]
            if delivery["attempts"]:
                return delivery
            await asyncio.sleep(0.05)


class Gate:
    """Holds the engine at each window until the test lets it go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, options: FileOptions) -> None:
        self.reached.set()
        assert self.open.wait(60)

    def transcriber(self) -> ScriptedTranscriber:
        return ScriptedTranscriber(files=ScriptedFiles(WORDS, self))

    async def until_reached(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 60)


async def test_a_file_becomes_a_job_and_its_text_can_be_had_in_every_format() -> None:
    async with hearing() as running:
        job = await submitted(running, language="en")
        assert (job["status"], job["file"], job["language"]) == ("queued", "talk.wav", "en")
        assert job["transcript_url"] is None
        done = await until(running, job["url"], "done", "failed")
        assert (done["status"], done["progress"], done["duration"]) == ("done", 1.0, 40.0)
        assert (done["attempts"], done["error"], done["deliveries"]) == (1, None, [])
        url = done["transcript_url"]
        written = {name: await get(running, f"{url}?format={name}") for name in _FORMATS}
    assert {name: answer.status_code for name, answer in written.items()} == dict.fromkeys(
        _FORMATS, 200
    )
    assert written["json"].json()["text"] == TEXT
    assert "words" not in written["json"].json()["segments"][0]
    assert written["txt"].text == "one two three\nfour five\n"
    assert "00:00:31.000 --> " in written["vtt"].text
    assert written["srt"].text.startswith("1\n00:00:00,200 --> ")
    for name, answer in written.items():
        assert f'filename="talk.{name}"' in answer.headers["content-disposition"]


_FORMATS = ("json", "txt", "srt", "vtt")


async def test_words_are_given_when_asked_for() -> None:
    async with hearing() as running:
        job = await submitted(running, words="true")
        done = await until(running, job["url"], "done", "failed")
        body = (await get(running, done["transcript_url"])).json()
    assert [word["text"] for word in body["segments"][0]["words"]] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"language": "xx"}, 400, "unsupported_language"),
        ({"task": "translate"}, 400, "unsupported_task"),
        ({"webhook": "https://hooks.example/"}, 400, "webhook_off"),
    ],
)
async def test_what_cannot_be_done_is_refused_at_once_and_leaves_nothing(
    tmp_path: Path, fields: dict[str, Any], status: int, code: str
) -> None:
    async with hearing(uploads_dir=tmp_path / "up") as running:
        answer = await send(running, "/v1/jobs", **fields)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert (await get(running, "/v1/jobs")).json() == {"jobs": [], "next": None}
        assert list((tmp_path / "up").iterdir()) == []


async def test_a_file_that_is_none_fails_its_job_with_a_sentence(tmp_path: Path) -> None:
    async with hearing(uploads_dir=tmp_path / "up") as running:
        refused = await send(running, "/v1/jobs", b"this is no sound at all" * 100)
        assert (refused.status_code, refused.json()["error"]["code"]) == (415, "unsupported_media")
        answer = await send(running, "/v1/jobs", refused_claims()["wav_no_rate"])
        job = await until(running, answer.json()["url"], "failed", "done")
        assert job["status"] == "failed"
        assert job["error"]["code"] == "damaged_media"
        refused = await get(running, f"{job['url']}/transcript")
        assert refused.status_code == 409
        assert refused.json()["error"]["message"] == job["error"]["message"]
        assert list((tmp_path / "up").iterdir()) == []


async def test_jobs_are_listed_newest_first_page_by_page() -> None:
    async with hearing() as running:
        ids = [(await submitted(running, 1))["id"] for _ in range(3)]
        first = (await get(running, "/v1/jobs?limit=2")).json()
        assert [job["id"] for job in first["jobs"]] == [ids[2], ids[1]]
        second = (await get(running, first["next"])).json()
        assert [job["id"] for job in second["jobs"]] == [ids[0]]
        assert second["next"] is None
        for limit in ("0", "201", "x", "-1"):
            assert (await get(running, f"/v1/jobs?limit={limit}")).status_code == 400


async def test_a_waiting_transcript_is_409_and_a_wrong_format_400() -> None:
    gate = Gate()
    async with running_server(gate.transcriber()) as running:
        job = await submitted(running)
        early = await get(running, f"{job['url']}/transcript")
        assert (early.status_code, early.json()["error"]["code"]) == (409, "job_not_done")
        assert int(early.headers["retry-after"]) > 0
        wrong = await get(running, f"{job['url']}/transcript?format=doc")
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "bad_format")
        gate.open.set()
        await until(running, job["url"], "done")


async def test_a_deleted_job_is_gone_with_its_file_even_while_it_runs(tmp_path: Path) -> None:
    gate = Gate()
    async with running_server(gate.transcriber(), uploads_dir=tmp_path / "up") as running:
        job = await submitted(running)
        await gate.until_reached()
        assert (await delete(running, job["url"])).status_code == 204
        assert (await get(running, job["url"])).status_code == 404
        assert (await delete(running, job["url"])).status_code == 404
        assert list((tmp_path / "up").iterdir()) == []
        gate.open.set()
        # The place is free again for the next one.
        other = await submitted(running)
        await until(running, other["url"], "done")
        assert (await delete(running, other["url"])).status_code == 204
        assert (await get(running, f"{other['url']}/transcript")).status_code == 404


async def test_nobody_sees_the_jobs_of_another_key(tmp_path: Path) -> None:
    mine = bearer(await make_key(tmp_path, Role.TRANSCRIBE))
    other = bearer(await make_key(tmp_path, Role.TRANSCRIBE))
    async with hearing(data_dir=tmp_path, webhook_secret="base") as running:
        job = await submitted(running, headers=mine)
        await until(running, job["url"], "done", headers=mine)
        for path in (job["url"], f"{job['url']}/transcript"):
            assert (await get(running, path, headers=mine)).status_code == 200
            assert (await get(running, path, headers=other)).status_code == 404
        assert (await delete(running, job["url"], headers=other)).status_code == 404
        assert (await get(running, "/v1/jobs", headers=other)).json()["jobs"] == []
        assert len((await get(running, "/v1/jobs", headers=mine)).json()["jobs"]) == 1
        secrets = {
            (await get(running, "/v1/webhook-secret", headers=key)).json()["secret"]
            for key in (mine, other)
        }
        assert len(secrets) == 2
        assert (await get(running, "/v1/jobs")).status_code == 401


async def test_a_key_has_as_many_jobs_as_it_may(tmp_path: Path) -> None:
    key = bearer(await make_key(tmp_path, Role.TRANSCRIBE, limits=KeyLimits(jobs=1)))
    gate = Gate()
    async with running_server(gate.transcriber(), data_dir=tmp_path) as running:
        job = await submitted(running, headers=key)
        refused = await send(running, "/v1/jobs", headers=key)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_jobs")
        assert int(refused.headers["retry-after"]) > 0
        assert running.hub.meters.rate_limited["jobs"] == 1
        gate.open.set()
        await until(running, job["url"], "done", headers=key)
        await submitted(running, headers=key)


async def test_a_full_queue_is_429_and_a_full_disk_507() -> None:
    gate = Gate()
    async with running_server(gate.transcriber(), max_jobs=1, max_uploads_mb=1) as running:
        await submitted(running, 2)
        await gate.until_reached()
        await submitted(running, 2)
        refused = await send(running, "/v1/jobs", wav(2))
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_jobs")
        assert running.hub.meters.rate_limited["jobs"] == 1
        gate.open.set()
    async with hearing(max_uploads_mb=1) as running:
        refused = await send(running, "/v1/jobs", wav(40))
        assert (refused.status_code, refused.json()["error"]["code"]) == (507, "no_space")


async def test_a_long_file_sent_to_transcribe_becomes_a_job() -> None:
    async with hearing(wait_file_s=10.0) as running:
        short = await send(running, "/transcribe", wav(5))
        assert short.status_code == 200
        answer = await send(running, "/transcribe", wav(40))
        assert answer.status_code == 202
        uploads = running.hub.meters.uploads
        assert (uploads["done"], uploads["queued"]) == (1, 1)
        job = await until(running, answer.json()["url"], "done", "failed")
        body = (await get(running, job["transcript_url"])).json()
        assert body["text"] == TEXT


async def test_a_server_that_stops_gives_its_job_back_and_the_next_one_does_it(
    tmp_path: Path,
) -> None:
    gate = Gate()
    kept: dict[str, Any] = {"store": True, "data_dir": tmp_path}
    async with running_server(gate.transcriber(), **kept) as running:
        job = await submitted(running)
        await gate.until_reached()
        running.server.handle_exit(15, None)
        gate.open.set()
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [job["id"]]
    async with hearing(**kept) as running:
        done = await until(running, job["url"], "done", "failed")
        assert (done["status"], done["attempts"]) == ("done", 1)
        assert (await get(running, done["transcript_url"])).json()["text"] == TEXT
    assert list((tmp_path / "uploads").iterdir()) == []


# -- webhooks -----------------------------------------------------------------------------------

HOOKS: dict[str, Any] = {"webhook_secret": "a-secret", "webhook_local": True}
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"


def verified(got: Got, secret: str) -> Any:
    moment, mark = got.headers["livecaption-signature"].split(",")
    signed = moment.removeprefix("t=").encode() + b"." + got.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert mark == f"v1={expected}"
    return json.loads(got.body)


async def test_a_webhook_tells_that_a_job_is_done() -> None:
    receiver = Receiver()
    async with receiver.serving(), hearing(**HOOKS) as running:
        hook = f"http://127.0.0.1:{receiver.port}/hook?key=hidden"
        job = await submitted(running, webhook=hook)
        (got,) = await receiver.until(1)
        told = verified(got, "a-secret")
        assert told["type"] == "job.done"
        assert told["job"]["id"] == job["id"]
        assert TEXT not in got.body.decode()
        assert (await get(running, told["job"]["transcript_url"])).json()["text"] == TEXT
        settled = await until_settled(running, job["url"])
        (delivery,) = settled["deliveries"]
        assert (delivery["kind"], delivery["status"]) == ("webhook", "delivered")
        assert "hidden" not in json.dumps(settled)


async def test_a_webhook_tells_that_a_job_failed() -> None:
    receiver = Receiver()
    async with receiver.serving(), hearing(**HOOKS) as running:
        hook = f"http://127.0.0.1:{receiver.port}/"
        await send(running, "/v1/jobs", refused_claims()["wav_no_rate"], webhook=hook)
        (got,) = await receiver.until(1)
        told = verified(got, "a-secret")
        assert (told["type"], told["job"]["error"]["code"]) == ("job.failed", "damaged_media")


async def test_a_webhook_that_fails_is_tried_again_by_the_next_server(tmp_path: Path) -> None:
    receiver = Receiver(deque([BROKEN, FINE]))
    kept: dict[str, Any] = {"store": True, "data_dir": tmp_path, **HOOKS}
    async with receiver.serving():
        async with hearing(**kept) as running:
            job = await submitted(running, webhook=f"http://127.0.0.1:{receiver.port}/")
            await receiver.until(1)
            await until_tried(running, job["url"])
        async with hearing(**kept) as running:
            first, second = await receiver.until(2)
            assert first.body == second.body
            settled = await until_settled(running, job["url"])
    assert settled["deliveries"][0]["attempts"] == 2


async def test_a_webhook_under_way_when_the_server_stops_is_posted_by_the_next_at_once(
    tmp_path: Path,
) -> None:
    """Whoever is slow to take it does not hold up the way down, and gets it again."""
    receiver = Receiver(deque([b"hang", FINE]))
    kept: dict[str, Any] = {"store": True, "data_dir": tmp_path, **HOOKS}
    async with receiver.serving():
        async with hearing(**kept) as running:
            job = await submitted(running, webhook=f"http://127.0.0.1:{receiver.port}/")
            await receiver.until(1)
        async with hearing(**kept) as running:
            first, second = await receiver.until(2)
            assert first.body == second.body
            settled = await until_settled(running, job["url"])
    assert settled["deliveries"][0]["attempts"] == 1


async def test_a_webhook_that_is_gone_is_a_dead_letter_its_owner_sees() -> None:
    receiver = Receiver(deque([b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"]))
    async with receiver.serving(), hearing(**HOOKS) as running:
        job = await submitted(running, webhook=f"http://127.0.0.1:{receiver.port}/")
        settled = await until_settled(running, job["url"])
    (delivery,) = settled["deliveries"]
    assert (delivery["status"], delivery["problem"]) == ("dead", "It answered 410.")


async def test_a_webhook_never_leads_inside() -> None:
    async with hearing(webhook_secret="s") as running:
        inside = ("https://127.0.0.1/", "https://10.0.0.1/", "https://localhost/")
        for hook in ("http://127.0.0.1:9/", "https://127.0.0.1:9/", "file:///etc/passwd", *inside):
            answer = await send(running, "/v1/jobs", webhook=hook)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_webhook")
        # It reads like a name; where that leads is found out when it is posted to.
        job = await submitted(running, webhook="https://127.1/")
        settled = await until_settled(running, job["url"])
    assert settled["deliveries"][0]["status"] == "dead"
    assert "not public" in settled["deliveries"][0]["problem"]


async def test_the_operators_own_secret_is_shown_to_nobody() -> None:
    async with hearing(webhook_secret="a-secret") as running:
        answer = await get(running, "/v1/webhook-secret")
        assert answer.status_code == 404
        assert "a-secret" not in answer.text


# -- S3 -----------------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket_named("captions", monkeypatch) as client:
        yield client


async def test_results_are_written_to_a_bucket(bucket: Any) -> None:
    async with hearing(jobs_s3="s3://captions/talks") as running:
        job = await submitted(running)
        settled = await until_settled(running, job["url"])
        vtt = (await get(running, f"{job['url']}/transcript?format=vtt")).text
    (delivery,) = settled["deliveries"]
    assert (delivery["status"], delivery["target"]) == ("delivered", "s3://captions/talks")

    def stored(name: str) -> str:
        return str(
            bucket.get_object(Bucket="captions", Key=f"talks/{name}")["Body"].read(), "utf-8"
        )

    assert stored(f"{job['id']}.vtt") == vtt
    assert json.loads(stored(f"{job['id']}.json"))["text"] == TEXT


async def test_a_bucket_that_refuses_is_tried_again_and_said(bucket: Any) -> None:
    async with hearing(jobs_s3="s3://elsewhere") as running:
        job = await submitted(running)
        delivery = await until_tried(running, job["url"])
    assert (delivery["status"], delivery["problem"]) == ("pending", "S3 said NoSuchBucket.")
    assert delivery["next_attempt_at"] is not None
