from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

import httpx2
import pytest

from livecaption.access.roles import Role
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.engine.scripted_files import ScriptedFiles
from livecaption.errors import EngineError
from tests.keys import make_key
from tests.media import hostile
from tests.media.recordings import coded, tone
from tests.server.files import WORDS, Asked, hearing, send, wav
from tests.serving import running_server, within


async def test_a_file_is_answered_with_its_text() -> None:
    asked = Asked()
    async with hearing(asked) as running:
        answer = await send(
            running, "/transcribe", wav(40), language="en", prompt="Hello.", hotwords="Kyiv, Lviv"
        )
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("id")
    assert body == {
        "language": "en",
        "language_probability": 0.9,
        "duration": 40.0,
        "text": "one two three four five",
        "segments": [
            {"start": 0.2, "end": 1.1, "text": "one two three"},
            {"start": 31.0, "end": 31.6, "text": "four five"},
        ],
    }
    assert asked[0] == FileOptions(language="en", prompt="Hello.", vocabulary=("Kyiv", "Lviv"))


async def test_words_are_given_when_asked_for() -> None:
    async with hearing() as running:
        body = (await send(running, "/transcribe", words="true")).json()
    assert [word["text"] for word in body["segments"][0]["words"]] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"language": "de"}, "unsupported_language"),
        ({"language": "nonsense"}, "unsupported_language"),
        ({"task": "translate"}, "unsupported_task"),
        ({"task": "sing"}, "bad_request"),
        ({"temperature": "hot"}, "bad_request"),
        ({"temperature": "2"}, "bad_request"),
        ({"words": "perhaps"}, "bad_request"),
        ({"prompt": "x" * 5000}, "bad_request"),
        ({f"field{n}": "x" for n in range(150)}, "bad_form"),
        ({"notes": "x" * 300_000}, "bad_form"),
    ],
)
async def test_a_wrong_field_is_named(fields: dict[str, Any], code: str) -> None:
    async with hearing() as running:
        answer = await send(running, "/transcribe", **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("language", ["en", "EN", "en-US", "en_GB", "english", "auto", ""])
async def test_languages_are_taken_as_people_write_them(language: str) -> None:
    async with hearing() as running:
        assert (await send(running, "/transcribe", language=language)).status_code == 200


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("empty", 415, "unsupported_media"),
        ("hls_http", 415, "unsupported_media"),
        ("png", 415, "unsupported_media"),
        ("noise_as_flac", 422, "damaged_media"),
        ("video_only", 422, "no_sound"),
        ("wav_of_no_length", 422, "no_sound"),
        ("wav_of_unknown_coding", 415, "unsupported_media"),
    ],
)
async def test_a_bad_file_says_whose_fault_it_is(name: str, status: int, code: str) -> None:
    content = hostile.refused("http://127.0.0.1:9", "/nowhere")[name]
    async with hearing() as running:
        answer = await send(running, "/transcribe", content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert (await send(running, "/transcribe")).status_code == 200


async def test_a_file_that_lasts_too_long_is_refused() -> None:
    async with hearing(max_file_s=5.0) as running:
        answer = await send(running, "/transcribe", wav(6))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_long")


class ListedJobs:
    """Takes files over, and remembers them."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str, FileOptions, str | None]] = []

    async def submit(
        self, file: BinaryIO, name: str, options: FileOptions, owner: str | None
    ) -> str:
        file.seek(0)
        self.taken.append((file.read(), name, options, owner))
        return "j_1"


async def test_a_long_file_becomes_a_job() -> None:
    jobs = ListedJobs()
    async with hearing(wait_file_s=3.0, max_file_s=100.0) as running:
        running.hub.jobs = jobs
        answer = await send(running, "/transcribe", wav(4), language="en")
        assert answer.status_code == 202
        assert answer.json() == {"id": "j_1", "status": "queued", "url": "/v1/jobs/j_1"}
        assert answer.headers["location"] == "/v1/jobs/j_1"
        assert (await send(running, "/transcribe", wav(2))).status_code == 200
        # What says itself that no job would take it is refused at once.
        long = coded(tone(120), "flac", "flac", rate=16_000)
        assert (await send(running, "/transcribe", long)).status_code == 413
    assert jobs.taken == [(wav(4), "talk.wav", FileOptions(language="en"), None)]


async def test_without_jobs_a_long_file_is_waited_for() -> None:
    async with hearing(wait_file_s=1.0) as running:
        running.hub.jobs = None
        assert (await send(running, "/transcribe", wav(2))).status_code == 200


async def test_a_key_needs_the_role(tmp_path: Path) -> None:
    good = await make_key(tmp_path, Role.TRANSCRIBE)
    other = await make_key(tmp_path, Role.WATCH)
    async with hearing(data_dir=tmp_path, store=True) as running:
        statuses = [
            (await send(running, "/transcribe", headers=headers)).status_code
            for headers in ({}, {"x-api-key": other}, {"x-api-key": good})
        ]
    assert statuses == [401, 403, 200]


def gated() -> tuple[ScriptedFiles, threading.Event, threading.Event]:
    begun, go_on = threading.Event(), threading.Event()

    def before_window(options: FileOptions) -> None:
        begun.set()
        assert go_on.wait(30)

    return ScriptedFiles(WORDS, before_window), begun, go_on


async def test_more_files_than_places_are_refused_before_they_are_sent() -> None:
    files, begun, go_on = gated()
    async with running_server(ScriptedTranscriber(files=files), max_files=1) as running:
        first = asyncio.create_task(send(running, "/transcribe"))
        await asyncio.to_thread(begun.wait, 30)
        refused = await send(running, "/transcribe")
        go_on.set()
        assert (await first).status_code == 200
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["error"]["code"] == "full"


async def test_nobody_works_for_a_client_that_went_away() -> None:
    files, begun, go_on = gated()
    async with running_server(ScriptedTranscriber(files=files)) as running:
        leaving = asyncio.create_task(send(running, "/transcribe", wav(70)))
        await asyncio.to_thread(begun.wait, 30)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        go_on.set()
        await within(lambda: running.hub.files.waited_for == 0, 30)


async def test_a_server_that_stops_says_so() -> None:
    files, begun, go_on = gated()
    async with running_server(ScriptedTranscriber(files=files)) as running:
        under_way = asyncio.create_task(send(running, "/transcribe"))
        await asyncio.to_thread(begun.wait, 30)
        running.server.handle_exit(15, None)
        go_on.set()
        answer = await under_way
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "going_away"


async def test_a_failure_of_the_model_is_ours() -> None:
    def failing(options: FileOptions) -> None:
        raise EngineError("The model failed 0.0 s into the file: no memory.")

    files = ScriptedFiles(WORDS, failing)
    async with running_server(ScriptedTranscriber(files=files)) as running:
        answer = await send(running, "/transcribe")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "engine_error")


async def test_where_there_is_nothing_is_said_as_json() -> None:
    async with hearing() as running, httpx2.AsyncClient() as client:
        missing = await client.get(f"{running.http}/nowhere")
        wrong = await client.get(f"{running.http}/transcribe")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"
    assert json.loads(wrong.text)["error"]["message"].endswith(".")


async def test_files_leave_nothing_behind(tmp_path: Path) -> None:
    async with hearing(spool_dir=tmp_path) as running:
        await send(running, "/transcribe")
        await send(running, "/transcribe", b"no sound")
        assert os.listdir(tmp_path) == []
