"""The live caption track as a player sees it: a playlist, and segments that never change."""

from __future__ import annotations

import html
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2
import pytest
import webvtt
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from livecaption.access.roles import ANYBODY
from livecaption.core.captions import Delta, Final, UtteranceStarted
from livecaption.core.hypothesis import Word
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.doorkeeper import remember
from livecaption.server.live_track import live_track_routes
from livecaption.server.room import Speaker
from livecaption.server.rooms import Rooms
from livecaption.settings import Settings
from tests.core.transcripts import NOON, TRICKY, line
from tests.server.kept_transcripts import KeptTranscripts, fetch, keep
from tests.server.publishing import new_rooms, publish
from tests.serving import running_server

ADA = Speaker("s_1", "Ada")
SEGMENT_S = 6
DELAY_S = 10
"""From the end of a segment until it is listed."""


@dataclass
class Hub:
    """What the routes need of the hub."""

    store: KeptTranscripts = field(default_factory=KeptTranscripts)
    rooms: Rooms = field(default_factory=new_rooms)
    settings: Settings = field(default_factory=Settings)


@dataclass
class Site:
    """The routes by themselves, with a clock that stands still until it is set."""

    http: httpx2.AsyncClient
    hub: Hub
    now: float = NOON

    def clock(self) -> float:
        return self.now

    async def segment(self, number: int, room: str = "main", query: str = "") -> str:
        answer = await self.http.get(f"/v1/rooms/{room}/captions/{number}.vtt{query}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def captions(self, number: int, room: str = "main") -> list[str]:
        read = webvtt.from_string(await self.segment(number, room))
        return [f"{each.start} {each.text}" for each in read.captions]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    hub = Hub()
    app = Starlette(routes=live_track_routes(lambda: made.now))
    app.state.hub = hub

    async def open_door(scope: Scope, receive: Receive, send: Send) -> None:
        remember(scope, ANYBODY)
        await app(scope, receive, send)

    transport = httpx2.ASGITransport(app=open_door)
    async with httpx2.AsyncClient(transport=transport, base_url="http://captions") as http:
        made = Site(http, hub)
        yield made


def number_at(seconds: float) -> int:
    """The segment in which a moment after noon lies."""
    return int(NOON + seconds) // SEGMENT_S


def listed_at(segment: int) -> float:
    """When a segment is listed for the first time."""
    return float((segment + 1) * SEGMENT_S + DELAY_S)


async def test_a_player_follows_the_playlist_and_finds_what_was_said() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        began = time.time() - 60
        keep(
            running,
            line("Good morning everyone.", 2.0, speaker="Ada", started_at=began),
            line("The first item is the new server.", 20.0, utterance=2, started_at=began),
        )
        answer = await fetch(running, "/v1/rooms/main/captions.m3u8")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        assert answer.headers["Cache-Control"] == "no-cache"
        captions = {}
        for path in re.findall(r"^captions/.*", answer.text, re.MULTILINE):
            segment = await fetch(running, f"/v1/rooms/main/{path}")
            assert segment.status == 200
            assert segment.headers["Content-Type"] == "text/vtt; charset=utf-8"
            assert segment.headers["Cache-Control"] == "public, max-age=300"
            for each in webvtt.from_string(segment.text).captions:
                captions[each.start, each.end, each.text] = each.voice
        assert [(start, text, voice) for (start, _, text), voice in captions.items()] == [
            ("00:00:02.000", "Good morning everyone.", "Ada"),
            ("00:00:20.000", "The first item is the new server.", None),
        ]


async def test_a_segment_is_there_when_it_is_listed_and_not_before(site: Site) -> None:
    number = number_at(0)
    path = f"/v1/rooms/main/captions/{number}.vtt"
    site.now = listed_at(number) - 0.01
    early = await site.http.get(path)
    assert (early.status_code, early.json()["error"]["code"]) == (404, "no_segment")
    assert f"/{number}.vtt" not in (await site.http.get("/v1/rooms/main/captions.m3u8")).text
    site.now = listed_at(number)
    assert (await site.http.get(path)).status_code == 200
    assert f"/{number}.vtt" in (await site.http.get("/v1/rooms/main/captions.m3u8")).text
    site.now += 3600
    assert (await site.http.get(path)).status_code == 404


async def test_a_segment_once_fetched_stays_as_it_is_and_late_words_come_in_the_next(
    site: Site,
) -> None:
    first = number_at(0)
    site.hub.store.add(line("On time.", 1.0, speaker="Ada"))
    site.now = listed_at(first)
    fetched = await site.segment(first)
    site.hub.store.add(line("Too late.", 3.0, speaker="Ada", utterance=2))
    site.now = listed_at(first + 1)
    assert await site.segment(first) == fetched
    assert await site.captions(first) == ["00:00:01.000 On time."]
    assert await site.captions(first + 1) == ["00:00:06.000 Too late."]


async def test_words_of_an_utterance_that_is_still_open_are_shown(site: Site) -> None:
    site.hub.store.add(line("Good morning.", 1.0, speaker="Ada"))
    room = await site.hub.rooms.open("main")
    room.attach("s_1")
    words = (
        Word(" This", 16_000 * 7, 16_000 * 8, 0.9),
        Word(" goes on", 16_000 * 8, 16_000 * 9, 0.9),
    )
    publish(room, UtteranceStarted(1, 2, 16_000 * 7), ADA)
    publish(room, Delta(2, 2, "This goes on", words), ADA)
    site.now = listed_at(number_at(7))
    assert await site.captions(number_at(7)) == ["00:00:07.000 This goes on"]
    publish(room, Final(3, 2, "This goes on", 16_000 * 7, 16_000 * 9, "en", "Ada", words), ADA)
    site.hub.store.add(line("This goes on and on", 7.0, speaker="Ada", utterance=2, each=1.0))
    site.now = listed_at(number_at(13))
    assert await site.captions(number_at(7)) == ["00:00:07.000 This goes on"]
    assert [text for text in await site.captions(number_at(13)) if "This" not in text] == [
        "00:00:12.000 and on"
    ]


async def test_an_open_utterance_without_place_on_the_clock_waits_for_its_final(site: Site) -> None:
    room = await site.hub.rooms.open("main")
    room.attach("s_1")
    publish(room, UtteranceStarted(1, 1, 0), ADA)
    publish(room, Delta(2, 1, "Hello", (Word(" Hello", 0, 16_000, 0.9),)), ADA)
    site.now = listed_at(number_at(0))
    assert await site.captions(number_at(0)) == []
    site.hub.store.add(line("Hello there.", 0.0, speaker="Ada"))
    site.now = listed_at(number_at(6))
    assert await site.captions(number_at(6)) == ["00:00:06.000 Hello there."]


async def test_the_times_fit_the_video_that_the_player_shows(site: Site) -> None:
    site.hub.store.add(line("Good morning.", 90.0, speaker="Ada"))
    site.now = listed_at(number_at(90))
    query = "?zero=2026-11-24T12:01:00Z&mpegts=126000"
    playlist = (await site.http.get(f"/v1/rooms/main/captions.m3u8{query}")).text
    path = re.findall(rf"captions/{number_at(90)}\.vtt(.*)", playlist)[0]
    segment = await site.segment(number_at(90), query=path)
    assert segment.splitlines()[1] == "X-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000"
    assert [each.start for each in webvtt.from_string(segment).captions] == ["00:00:30.000"]


async def test_the_program_date_time_is_that_of_the_first_segment(site: Site) -> None:
    text = (await site.http.get("/v1/rooms/main/captions.m3u8")).text
    first = int(re.findall(r"captions/(\d+)\.vtt", text)[0])
    assert f"#EXT-X-MEDIA-SEQUENCE:{first}\n" in text
    moment = datetime.fromtimestamp(first * SEGMENT_S, tz=UTC)
    assert f"#EXT-X-PROGRAM-DATE-TIME:{moment:%Y-%m-%dT%H:%M:%S}.000Z\n" in text


async def test_what_was_deleted_is_gone_with_the_next_segment(site: Site) -> None:
    number = number_at(0)
    site.hub.store.add(line("Secret.", 1.0))
    site.now = listed_at(number)
    assert await site.captions(number) == ["00:00:01.000 Secret."]
    site.hub.store.rooms.clear()
    site.now = listed_at(number + 1)
    assert await site.captions(number) == []


async def test_rooms_that_nobody_uses_push_no_room_out(site: Site) -> None:
    number = number_at(0)
    site.hub.store.add(line("On time.", 1.0))
    site.now = listed_at(number)
    await site.segment(number)
    for n in range(100):
        assert await site.captions(number, room=f"empty_{n}") == []
    site.hub.store.add(line("Too late.", 1.5, utterance=2))
    site.now = listed_at(number + 1)
    assert await site.captions(number) == ["00:00:01.000 On time."]
    assert len(site.hub.rooms) == 0


async def test_more_rooms_than_are_remembered_are_still_right(site: Site) -> None:
    number = number_at(0)
    for n in range(70):
        site.hub.store.add(line(f"Room {n}.", 1.0), room=f"room_{n}")
    site.now = listed_at(number)
    for n in [*range(70), 0]:
        assert await site.captions(number, room=f"room_{n}") == [f"00:00:01.000 Room {n}."]


async def test_captions_that_look_like_markup_are_text(site: Site) -> None:
    for n, text in enumerate(TRICKY):
        site.hub.store.add(line(text, 8.0 * n, utterance=n))
    site.now = listed_at(number_at(8 * len(TRICKY)))
    numbers = range(number_at(0), number_at(8 * len(TRICKY)) + 1)
    segments = [await site.segment(number) for number in numbers]
    assert any("&lt;img src=x" in segment for segment in segments)
    for segment in segments:
        assert "<" not in segment
        assert segment.count("-->") == len(webvtt.from_string(segment).captions)
    shown = "".join(
        each.text for segment in segments for each in webvtt.from_string(segment).captions
    )
    assert all(
        html.escape(text, quote=False).replace(" ", "") in "".join(shown.split()) for text in TRICKY
    )


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("a%20b/captions.m3u8", "bad_room"),
        ("a%20b/captions/1.vtt", "bad_room"),
        ("main/captions.m3u8?zero=yesterday", "bad_request"),
        ("main/captions.m3u8?zero=2026-11-24T12:00:00", "bad_request"),
        ("main/captions.m3u8?mpegts=-1", "bad_request"),
        ("main/captions.m3u8?mpegts=8589934592", "bad_request"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(site: Site, path: str, code: str) -> None:
    answer = await site.http.get(f"/v1/rooms/{path}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert error["message"].endswith(".")


async def test_players_on_allowed_sites_may_read_it() -> None:
    async with running_server(
        ScriptedTranscriber(), allowed_origins=("https://friend.example",)
    ) as running:
        keep(running)
        answer = await fetch(
            running, "/v1/rooms/main/captions.m3u8", Origin="https://friend.example"
        )
        assert answer.headers["Access-Control-Allow-Origin"] == "https://friend.example"
        segment = re.findall(r"^captions/.*", answer.text, re.MULTILINE)[-1]
        answer = await fetch(running, f"/v1/rooms/main/{segment}", Origin="https://friend.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "https://friend.example"
