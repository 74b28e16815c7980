from __future__ import annotations

import asyncio

import pytest

from livecaption.client.events import SessionEvent
from livecaption.client.inbox import MOST_ADVISORY, MOST_EVENTS, Inbox
from livecaption.client.refusals import SessionEnded
from livecaption.protocol.server_messages import (
    Ack,
    GapMessage,
    PartialMessage,
    Status,
)


def gap(seq: int) -> GapMessage:
    return GapMessage(seq=seq, from_=0.0, to=1.0, reason="overload")


async def test_events_come_out_in_order_and_then_none() -> None:
    inbox = Inbox()
    inbox.put(gap(1))
    inbox.put(gap(2))
    inbox.end(None)
    assert [await inbox.get() for _ in range(3)] == [gap(1), gap(2), None]


async def test_a_reader_waits_for_the_next_event() -> None:
    inbox = Inbox()
    waiting = asyncio.ensure_future(inbox.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put(gap(1))
    assert await waiting == gap(1)


async def test_a_failure_is_raised_once_after_the_events_before_it() -> None:
    inbox = Inbox()
    inbox.put(gap(1))
    inbox.end(SessionEnded("Over."))
    assert await inbox.get() == gap(1)
    with pytest.raises(SessionEnded):
        await inbox.get()
    assert await inbox.get() is None


@pytest.mark.parametrize(
    "advisory",
    [
        PartialMessage(utterance=1, revision=1, text="so"),
        Ack(received=1, committed=0),
        Status(lag=0.0, hop=1.0, queue=0),
    ],
)
async def test_advisory_events_are_dropped_first(advisory: SessionEvent) -> None:
    inbox = Inbox()
    for _ in range(MOST_ADVISORY + 10):
        inbox.put(advisory)
    inbox.put(gap(1))
    inbox.end(None)
    assert [await inbox.get() for _ in range(MOST_ADVISORY)] == [advisory] * MOST_ADVISORY
    assert [await inbox.get() for _ in range(2)] == [gap(1), None]


async def test_captions_are_never_dropped_but_the_session_is() -> None:
    inbox = Inbox()
    for seq in range(1, MOST_EVENTS + 1):
        inbox.put(gap(seq))
    with pytest.raises(SessionEnded, match="does not read"):
        inbox.put(gap(MOST_EVENTS + 1))


async def test_after_discard_nothing_is_kept() -> None:
    inbox = Inbox()
    inbox.put(gap(1))
    inbox.discard()
    inbox.put(gap(2))
    inbox.end(None)
    assert await inbox.get() is None
