"""Blocks on their way to services that fail in every way they are known to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from livecaption.egress.address import Service, SinkAddress, parse_sink
from livecaption.egress.blocks import CaptionBlock
from livecaption.egress.delivery import Delivery, Patience
from livecaption.egress.exchange import Dialect, Pace, Request
from livecaption.egress.http import CaptionHttp, Unreachable
from livecaption.egress.resolve import look_up
from livecaption.egress.youtube import YouTube
from livecaption.egress.zoom import Zoom
from tests.egress.services import FakeService, FakeYouTube, FakeZoom, Fault, serving

SECRET = "cid=abcd-EFGH%2C=="


class BriskYouTube(YouTube):
    """In more of a hurry than the real one."""

    pace = Pace(between_s=0.0, knock_s=0.02, stale_s=45.0, heartbeat_s=60.0)


class BriskZoom(Zoom):
    pace = Pace(between_s=0.0, knock_s=0.02, stale_s=30.0)


BRISK = {"youtube": BriskYouTube, "zoom": BriskZoom}


def sink_for(fake: FakeService) -> tuple[SinkAddress, Dialect]:
    """What an operator's ``--sink`` comes to, for a fake service."""
    name = "youtube" if isinstance(fake, FakeYouTube) else "zoom"
    service = Service(
        lambda _: BRISK[name](),
        hosts=frozenset({"127.0.0.1"}),
        schemes=frozenset({"http"}),
        ports=frozenset({fake.port}),
    )
    return parse_sink(f"{name}:main={fake.url}", {name: service})


@asynccontextmanager
async def delivering(
    fake: FakeService, *, limit: int = 32, stale_s: float | None = None, timeout_s: float = 0.3
) -> AsyncIterator[Delivery]:
    """A delivery to a fake service, finished at the end of the block."""
    address, dialect = sink_for(fake)
    if stale_s is not None:
        pace = Pace(0.0, 0.02, stale_s, dialect.pace.heartbeat_s)
        dialect.pace = pace  # type: ignore[misc]
    http = CaptionHttp(address, resolve=look_up, timeout_s=timeout_s)
    patience = Patience(first_pause_s=0.01, longest_pause_s=0.05, finish_s=2.0)
    delivery = Delivery("test", dialect, http, limit=limit, patience=patience)
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        await delivery.finish()
        async with asyncio.timeout(5):
            await running


def block(text: str, at: float | None = None) -> CaptionBlock:
    return CaptionBlock((text,), time.time() if at is None else at)


both = pytest.mark.parametrize("kind", [FakeYouTube, FakeZoom])


@both
async def test_every_block_is_shown_once_and_in_order(kind: type[FakeService]) -> None:
    fake = kind(SECRET)
    async with serving(fake), delivering(fake) as delivery:
        texts = [f"caption {number}" for number in range(20)]
        for text in texts:
            delivery.put(block(text))
        assert await fake.shows(20) == texts
    assert delivery.stats.dropped == delivery.stats.retries == 0


@both
@pytest.mark.parametrize(
    "fault", [Fault.ERROR, Fault.ERROR_AFTER, Fault.HANG, Fault.HANG_AFTER, Fault.BUSY]
)
async def test_a_post_that_fails_is_sent_again_with_its_number_and_shown_once(
    kind: type[FakeService], fault: Fault
) -> None:
    fake = kind(SECRET)
    async with serving(fake), delivering(fake) as delivery:
        delivery.put(block("one"))
        await fake.shows(1)
        fake.faults += [fault, fault]
        delivery.put(block("two"))
        await fake.until(lambda: not fake.faults)
        delivery.put(block("three"))
        assert await fake.shows(3) == ["one", "two", "three"]
    assert delivery.stats.retries == 2
    numbers = fake.numbers()[-4:]
    assert numbers == [numbers[0]] * 3 + [numbers[0] + 1]


@both
async def test_a_service_that_is_not_there_yet_is_waited_for(kind: type[FakeService]) -> None:
    fake = kind(SECRET)
    async with serving(fake):
        pass
    port = fake.port
    async with delivering(fake) as delivery:
        delivery.put(block("early"))
        async with serving(fake, port):
            assert await fake.shows(1) == ["early"]


@both
async def test_a_service_that_restarts_in_the_middle_loses_nothing(kind: type[FakeService]) -> None:
    fake = kind(SECRET)
    async with serving(fake):
        pass
    port = fake.port
    async with delivering(fake) as delivery:
        async with serving(fake, port):
            delivery.put(block("one"))
            await fake.shows(1)
        delivery.put(block("two"))
        async with serving(fake, port):
            assert await fake.shows(2) == ["one", "two"]


@both
@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.GONE, Fault.BAD_REQUEST, Fault.REDIRECT])
async def test_a_refusal_ends_the_captions_until_the_service_takes_them_again(
    kind: type[FakeService], fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "livecaption")
    fake = kind(SECRET)
    async with serving(fake), delivering(fake) as delivery:
        delivery.put(block("one"))
        await fake.shows(1)
        before = len(fake.requests)
        fake.faults += [fault, fault, fault]
        delivery.put(block("refused"))
        await fake.until(lambda: not fake.faults)
        # One post that was refused, then nothing but knocking at the door.
        knocks = fake.requests[before + 1 :]
        assert all(method == "GET" or len(fake.shown) == 1 for method, _ in knocks)
        delivery.put(block("two"))
        assert await fake.shows(2) == ["one", "two"]
    assert delivery.stats.dropped == 1
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    status = {"400": Fault.BAD_REQUEST, "403": Fault.FORBIDDEN, "410": Fault.GONE}
    code = next((code for code, its in status.items() if its is fault), "302")
    assert warnings == [f"test gets no captions (status {code}); trying on"]


async def test_a_meeting_that_starts_later_gets_what_is_not_too_old_then() -> None:
    fake = FakeZoom(SECRET, started=False)
    async with serving(fake), delivering(fake) as delivery:
        delivery.put(block("too early", time.time() - 60))
        delivery.put(block("soon enough"))
        await fake.until(lambda: len(fake.requests) >= 3)
        assert {method for method, _ in fake.requests} == {"GET"}
        fake.started = True
        assert await fake.shows(1) == ["soon enough"]
    assert delivery.stats.dropped == 1


async def test_zoom_goes_on_behind_the_number_that_it_remembers() -> None:
    fake = FakeZoom(SECRET, last_seq=41)
    async with serving(fake):
        async with delivering(fake) as delivery:
            delivery.put(block("one"))
            await fake.shows(1)
        async with delivering(fake) as delivery:
            delivery.put(block("after a restart"))
            await fake.shows(2)
    assert fake.numbers() == [42, 43]


async def test_zoom_works_without_telling_its_number() -> None:
    fake = FakeZoom(SECRET, tells_seq=False)
    async with serving(fake), delivering(fake) as delivery:
        delivery.put(block("one"))
        assert await fake.shows(1) == ["one"]


async def test_a_caption_that_may_have_arrived_and_became_stale_is_settled_by_asking() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake), delivering(fake, stale_s=0.4, timeout_s=0.15) as delivery:
        delivery.put(block("one"))
        await fake.shows(1)
        fake.faults += [Fault.HANG_AFTER] + [Fault.HANG] * 3
        delivery.put(block("two"))
        await fake.until(lambda: [method for method, _ in fake.requests].count("GET") >= 2)
        fake.faults.clear()
        delivery.put(block("three"))
        assert await fake.shows(3) == ["one", "two", "three"]


async def test_captions_for_youtube_are_on_its_clock() -> None:
    fake = FakeYouTube(SECRET, ahead_s=3600.0)
    async with serving(fake), delivering(fake) as delivery:
        at = time.time()
        delivery.put(block("an hour ahead", at))
        await fake.shows(1)
    assert fake.times[0] == pytest.approx(at + 3600, abs=0.5)


async def test_blocks_that_wait_go_to_youtube_together() -> None:
    fake = FakeYouTube(SECRET, faults=deque([Fault.ERROR] * 3))
    async with serving(fake), delivering(fake) as delivery:
        for number in range(8):
            delivery.put(block(str(number)))
        assert await fake.shows(8) == [str(number) for number in range(8)]
    assert len([query for _, query in fake.requests]) <= 6


async def test_silence_is_filled_with_heartbeats() -> None:
    fake = FakeYouTube(SECRET)
    async with serving(fake):
        address, dialect = sink_for(fake)
        dialect.pace = Pace(0.0, 0.02, 45.0, heartbeat_s=0.02)  # type: ignore[misc]
        delivery = Delivery("test", dialect, CaptionHttp(address, resolve=look_up))
        running = asyncio.create_task(delivery.run())
        await fake.until(lambda: fake.heartbeats >= 4)
        delivery.put(block("words"))
        assert await fake.shows(1) == ["words"]
        await delivery.finish()
        await running


async def test_a_service_that_is_down_costs_the_oldest_captions_and_no_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "livecaption")
    fake = FakeYouTube(SECRET)
    async with serving(fake):
        pass
    port = fake.port
    async with delivering(fake, limit=4) as delivery:
        for number in range(10):
            delivery.put(block(str(number)))
        assert delivery.stats.dropped == 6
        async with serving(fake, port):
            assert await fake.shows(4) == ["6", "7", "8", "9"]
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == "test is too slow: captions for it are dropped"
    assert messages[-1] == "test gets captions; 6 blocks were dropped before"


async def test_pacing_is_kept() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake):
        address, dialect = sink_for(fake)
        dialect.pace = Pace(between_s=0.2, knock_s=1.0, stale_s=30.0)  # type: ignore[misc]
        delivery = Delivery("test", dialect, CaptionHttp(address, resolve=look_up))
        running = asyncio.create_task(delivery.run())
        started = asyncio.get_running_loop().time()
        for number in range(4):
            delivery.put(block(str(number)))
        await fake.shows(4)
        assert asyncio.get_running_loop().time() - started >= 0.75
        await delivery.finish()
        await running


async def test_what_waits_when_the_server_stops_still_goes_out() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake):
        async with delivering(fake) as delivery:
            delivery.put(block("one"))
            await fake.shows(1)
            for number in range(5):
                delivery.put(block(str(number)))
        assert fake.shown == ["one", "0", "1", "2", "3", "4"]


async def test_a_service_that_hangs_holds_nobody_up() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake):
        async with delivering(fake, timeout_s=60.0) as delivery:
            delivery._patience = Patience(finish_s=0.1)
            delivery.put(block("one"))
            await fake.shows(1)
            fake.faults.append(Fault.HANG)
            delivery.put(block("two"))
            await fake.until(lambda: not fake.faults)


@both
async def test_no_log_holds_a_key_or_a_caption(
    kind: type[FakeService], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake = kind(SECRET)
    async with serving(fake), delivering(fake, stale_s=0.05) as delivery:
        fake.faults += [None, Fault.ERROR, Fault.HANG, Fault.FORBIDDEN, Fault.REDIRECT]
        while fake.faults:
            count = len(fake.requests)
            delivery.put(block("a private remark"))
            await fake.until(lambda count=count: len(fake.requests) > count)  # type: ignore[misc]
    ours = ("livecaption", "httpx", "httpcore", "root")
    text = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(ours))
    assert "abcd-EFGH" not in text
    assert "private remark" not in text
    assert "closedcaption" not in text


async def test_an_address_inside_the_network_is_never_connected_to() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake):
        address, _ = sink_for(fake)
        http = CaptionHttp(address)
        with pytest.raises(Unreachable, match="private network"):
            await http.send(Request("GET"))
        await http.aclose()
    assert fake.requests == []


async def test_a_name_that_nobody_knows_is_unreachable() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    address, _ = parse_sink("youtube:main=http://upload.youtube.com/closedcaption?cid=x")
    http = CaptionHttp(address, resolve=unknown)
    with pytest.raises(Unreachable, match="unknown") as caught:
        await http.send(Request("GET"))
    await http.aclose()
    assert not caught.value.perhaps_received


async def test_another_address_of_the_host_is_tried_when_one_does_not_answer() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    fake = FakeZoom(SECRET)
    async with serving(fake):
        address, dialect = sink_for(fake)
        http = CaptionHttp(address, resolve=two, timeout_s=2.0)
        answer = await http.send(dialect.opening(0.0))
        await http.aclose()
    assert (answer.status, answer.body) == (200, "0")


def test_pauses_grow_to_their_limit_and_differ_by_luck() -> None:
    patience = Patience(first_pause_s=1.0, longest_pause_s=10.0)
    assert [patience.pause(n, 1.0) for n in range(6)] == [1, 2, 4, 8, 10, 10]
    assert patience.pause(1000, 0.0) == 5.0
