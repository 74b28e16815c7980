"""Room events in, captions at a service: the words of finals, once each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from livecaption.core.outbox import Outgoing
from livecaption.egress.resolve import look_up
from livecaption.egress.sink import Sink
from tests.egress.services import FakeService, FakeYouTube, FakeZoom, serving
from tests.egress.test_delivery import SECRET, sink_for


@asynccontextmanager
async def running_sink(fake: FakeService) -> AsyncIterator[Sink]:
    address, dialect = sink_for(fake)
    sink = Sink.to(address, dialect, look_up)
    running = asyncio.create_task(sink.run())
    try:
        yield sink
    finally:
        sink.end()
        async with asyncio.timeout(5):
            await running


def tell(sink: Sink, kind: str, text: str, utterance: int = 1, **fields: Any) -> None:
    message = {
        "type": kind, "seq": 1, "utterance": utterance, "text": text, "session": "s_a",
        "speaker": None, "room": "main", "offset": 1, **fields,
    }  # fmt: skip
    key = ("partial", "s_a", utterance) if kind == "partial" else None
    sink.take(Outgoing(json.dumps(message), key=key))


async def test_committed_words_are_shown_once_and_partials_and_repetitions_never() -> None:
    fake = FakeYouTube(SECRET)
    async with serving(fake), running_sink(fake) as sink:
        sink.take(Outgoing(json.dumps({"type": "snapshot", "finals": [{"text": "long ago"}]})))
        sink.take(Outgoing(json.dumps({"type": "presence"}), key="presence"))
        tell(sink, "utterance_started", "")
        tell(sink, "partial", "Good mourning")
        tell(sink, "delta", "Good morning")
        tell(sink, "partial", " every")
        tell(sink, "delta", " everyone.")
        tell(sink, "final", "Good morning everyone.")
        assert await fake.shows(1) == ["Good morning everyone."]
        tell(sink, "delta", "And now a longer sentence that fills more than the two", 2)
        tell(sink, "delta", " lines that are shown at once", 2, speaker="Ada")
        tell(sink, "final", "…", 2)
        assert await fake.shows(3) == [
            "Good morning everyone.",
            "And now a longer sentence that fills<br>more than the two lines that are shown",
            "at once",
        ]


async def test_a_speaker_is_named_and_what_was_said_is_no_markup() -> None:
    fake = FakeYouTube(SECRET)
    async with serving(fake), running_sink(fake) as sink:
        tell(sink, "delta", "<img src=x onerror=alert(1)>", speaker="Ada")
        tell(sink, "final", "…")
        assert await fake.shows(1) == ["Ada: ‹img src=x onerror=alert(1)›"]


async def test_words_that_nobody_ends_go_out_after_a_moment() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake), running_sink(fake) as sink:
        tell(sink, "delta", "Well")
        assert await fake.shows(1) == ["Well"]


async def test_what_waits_at_the_end_goes_out_whole() -> None:
    fake = FakeZoom(SECRET)
    async with serving(fake):
        async with running_sink(fake) as sink:
            tell(sink, "delta", "One.")
            tell(sink, "final", "One.")
            await fake.shows(1)
            tell(sink, "delta", "Not yet final")
        assert fake.shown == ["One.", "Not yet final"]
