"""Downloading what was said in a room, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import jsonschema
import pytest
import webvtt
from pysubs2 import SSAFile

from livecaption.engine.scripted import ScriptedTranscriber
from tests.core.transcripts import NOON, TRICKY, gap, hour, line
from tests.server.kept_transcripts import Answer, KeptTranscripts, fetch, keep
from tests.serving import Running, running_server

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "transcript.schema.json").read_text(encoding="utf-8")
)
PATH = "/v1/rooms/main/transcript"


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with running_server(
        ScriptedTranscriber(), allowed_origins=("https://friend.example",)
    ) as server:
        yield server


@pytest.fixture
def store(running: Running) -> KeptTranscripts:
    return keep(
        running,
        line("Good morning.", 1.0, speaker="Ada", offset=5),
        gap(2.0, 4.0, offset=6),
        line("Hello Ada.", 3.0, speaker="Ben", session="s_2", started_at=NOON + 60, offset=7),
    )


def code_of(answer: Answer) -> tuple[int, str]:
    error = json.loads(answer.body)["error"]
    assert error["message"].endswith(".")
    return answer.status, error["code"]


async def test_webvtt_is_what_a_room_has_by_default(
    running: Running, store: KeptTranscripts
) -> None:
    answer = await fetch(running, PATH)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="main-2026-11-24.vtt"'
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    captions = webvtt.from_string(answer.text).captions
    assert [(each.start, each.text, each.voice) for each in captions] == [
        ("00:00:01.000", "Good morning.", "Ada"),
        ("00:01:03.000", "Hello Ada.", "Ben"),
    ]


async def test_srt_txt_and_json_are_there_too(running: Running, store: KeptTranscripts) -> None:
    srt = await fetch(running, f"{PATH}?format=srt")
    assert srt.headers["Content-Type"] == "application/x-subrip; charset=utf-8"
    assert [each.text for each in SSAFile.from_string(srt.text, format_="srt")] == [
        "Ada: Good morning.",
        "Ben: Hello Ada.",
    ]
    txt = await fetch(running, f"{PATH}?format=txt&times=clock&utc_offset=60")
    assert txt.text == (
        "2026-11-24 (UTC+01:00)\n\n"
        "[13:00:01] Ada: Good morning.\n\n"
        "[13:00:02] [2.0 s were not captioned: the server could not keep up.]\n\n"
        "[13:01:03] Ben: Hello Ada.\n"
    )
    document = json.loads((await fetch(running, f"{PATH}?format=json")).body)
    jsonschema.validate(document, SCHEMA)
    assert [entry["type"] for entry in document["entries"]] == ["utterance", "gap", "utterance"]


async def test_the_name_of_the_file_has_the_readers_day_and_may_be_inline(
    running: Running, store: KeptTranscripts
) -> None:
    answer = await fetch(running, f"{PATH}?format=txt&download=0&utc_offset=-780")
    assert answer.headers["Content-Disposition"] == 'inline; filename="main-2026-11-23.txt"'


async def test_a_transcript_that_has_not_changed_is_not_sent_again(
    running: Running, store: KeptTranscripts
) -> None:
    tag = (await fetch(running, PATH)).headers["ETag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await fetch(running, PATH, If_None_Match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert (await fetch(running, f"{PATH}?format=srt", If_None_Match=tag)).status == 200
    store.add(line("One more thing.", 90.0, speaker="Ada", offset=8))
    later = await fetch(running, PATH, If_None_Match=tag)
    assert later.status == 200
    assert "One more thing." in later.text
    del store.rooms["main"][0]
    assert (await fetch(running, PATH, If_None_Match=later.headers["ETag"])).status == 200


async def test_head_tells_the_size_without_the_text(
    running: Running, store: KeptTranscripts
) -> None:
    head = await fetch(running, PATH, "HEAD")
    whole = await fetch(running, PATH)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert head.headers["ETag"] == whole.headers["ETag"]


async def test_only_what_follows_an_offset_can_be_asked_for(
    running: Running, store: KeptTranscripts
) -> None:
    rest = json.loads((await fetch(running, f"{PATH}?format=json&after=6")).body)
    assert [entry["text"] for entry in rest["entries"]] == ["Hello Ada."]
    assert rest["entries"][0]["start"] == 63.0
    nothing = await fetch(running, f"{PATH}?format=json&after={rest['offset']}")
    assert nothing.status == 200
    assert json.loads(nothing.body)["entries"] == []


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("format=docx", "bad_format", "vtt, srt, txt, json"),
        ("format=", "bad_format", "vtt, srt, txt, json"),
        ("after=-1", "bad_request", "after must be a whole number"),
        ("after=1e3", "bad_request", "after must be a whole number"),
        ("download=yes", "bad_request", "from 0 to 1"),
        ("times=often", "bad_request", "none, elapsed, clock"),
        ("utc_offset=1440", "bad_request", "from -1439 to 1439"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(
    running: Running, store: KeptTranscripts, query: str, code: str, says: str
) -> None:
    answer = await fetch(running, f"{PATH}?{query}")
    assert code_of(answer) == (400, code)
    assert says in json.loads(answer.body)["error"]["message"]


async def test_a_room_without_transcript_and_a_room_that_cannot_be(
    running: Running, store: KeptTranscripts
) -> None:
    assert code_of(await fetch(running, "/v1/rooms/empty/transcript")) == (404, "no_transcript")
    assert code_of(await fetch(running, "/v1/rooms/a%20b/transcript")) == (400, "bad_room")
    assert code_of(await fetch(running, f"/v1/rooms/{'x' * 65}/transcript")) == (400, "bad_room")
    store.rooms.clear()
    assert code_of(await fetch(running, PATH)) == (404, "no_transcript")


async def test_pages_of_allowed_sites_may_read_it_and_no_others(
    running: Running, store: KeptTranscripts
) -> None:
    friend = await fetch(running, PATH, Origin="https://friend.example")
    assert friend.headers["Access-Control-Allow-Origin"] == "https://friend.example"
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = await fetch(running, PATH, **headers)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


async def test_captions_that_look_like_markup_are_text_in_every_format(running: Running) -> None:
    keep(running, *(line(each, 20.0 * n, utterance=n) for n, each in enumerate(TRICKY)))
    vtt = (await fetch(running, PATH)).text
    assert "&lt;img src=x onerror=alert(1)&gt;" in vtt
    assert "<img" not in vtt
    assert "<img" not in (await fetch(running, f"{PATH}?format=srt")).text
    document = json.loads((await fetch(running, f"{PATH}?format=json")).body)
    assert [entry["text"] for entry in document["entries"]] == list(TRICKY)


async def test_everybody_who_asks_after_the_lecture_gets_the_same_hour(running: Running) -> None:
    keep(running, *hour().entries)
    answers = await asyncio.gather(*(fetch(running, PATH) for _ in range(12)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(webvtt.from_string(answers[0].text).captions) > 600


async def test_more_documents_than_are_remembered_are_still_right(
    running: Running, store: KeptTranscripts
) -> None:
    first = await fetch(running, f"{PATH}?format=txt&times=clock&utc_offset=0")
    for minutes in range(1, 20):
        answer = await fetch(running, f"{PATH}?format=txt&times=clock&utc_offset={minutes}")
        assert f"[12:{minutes:02d}:01] Ada" in answer.text
    again = await fetch(running, f"{PATH}?format=txt&times=clock&utc_offset=0")
    assert again.body == first.body
