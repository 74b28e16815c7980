"""The client against a scripted server, over real sockets on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from livecaption.client import (
    ConnectionOptions,
    RetryPolicy,
    SessionEnded,
    publish,
)
from livecaption.core.audio import Samples
from livecaption.errors import MediaError, NotAllowed, OperatorError, ProtocolError
from livecaption.protocol.server_messages import (
    FinalizedMessage,
    Ready,
)
from tests.client import wire
from tests.client.scripted_server import (
    Peer,
    Refusal,
    ScriptedServer,
    all_events,
    blocks,
    caption_all,
    kinds,
)

SECOND = 16_000
AT_ONCE = ConnectionOptions(retry=RetryPolicy(first=0.001, longest=0.002, patience=5.0))


async def test_audio_goes_out_and_captions_come_in_until_the_account() -> None:
    async with ScriptedServer(caption_all) as server:
        async with publish(server.url, blocks(10), room="hall", language="en") as captions:
            events = await all_events(captions)
    assert kinds(events) == [
        "Ready",
        "UtteranceStartedMessage",
        "DeltaMessage",
        "PartialMessage",
        "DeltaMessage",
        "FinalMessage",
        "Closed",
    ]
    (peer,) = server.peers
    assert peer.messages[0]["room"] == "hall"
    assert peer.audio == wire.numbered_samples(SECOND).tobytes()


async def test_audio_can_be_sent_by_hand_with_a_finalize_between() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND)
        await peer.read_until("finalize")
        await peer.say(wire.say("finalized"))
        await peer.read_until("configure")
        await peer.finish()

    async with ScriptedServer(script) as server, publish(server.url) as captions:
        await captions.send(wire.numbered_samples(SECOND).tobytes())
        captions.finalize()
        captions.configure(speaker="Ann")
        captions.stop()
        events = await all_events(captions)
    assert any(isinstance(event, FinalizedMessage) for event in events)
    (peer,) = server.peers
    assert peer.messages[-2] == {"type": "configure", "speaker": "Ann"}


async def test_leaving_the_context_stops_the_session_and_waits_for_its_end() -> None:
    async with ScriptedServer(caption_all) as server, publish(server.url) as captions:
        await captions.send(wire.numbered_samples(100))
    assert server.peers[0].messages[-1]["type"] == "stop"
    assert len(server.peers[0].audio) == 200


async def test_a_failure_nobody_waited_for_is_raised_when_the_context_is_left() -> None:
    async with ScriptedServer(Refusal(401, "No.")) as server:
        with pytest.raises(NotAllowed, match="No"):
            async with publish(server.url):
                pass


async def test_a_source_that_breaks_still_gets_its_last_captions() -> None:
    async def torn() -> AsyncIterator[Samples]:
        yield wire.numbered_samples(1600)
        raise MediaError("The tape is torn.")

    async with ScriptedServer(caption_all) as server, publish(server.url, torn()) as captions:
        seen = []
        with pytest.raises(MediaError, match="torn"):
            seen.extend([await anext(captions) for _ in range(100)])
    assert server.peers[0].messages[-1]["type"] == "stop"


async def test_sending_waits_while_more_than_an_outage_may_hold_is_unconfirmed() -> None:
    heard = asyncio.Event()
    acknowledge = asyncio.Event()

    async def slow(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.ack(0))
        await peer.hear(75 * SECOND)
        heard.set()
        await acknowledge.wait()
        await peer.say(wire.ack(75 * SECOND))
        await peer.hear(76 * SECOND)
        await peer.finish()

    hurried = ConnectionOptions(speed=1000.0)
    async with ScriptedServer(slow) as server, publish(server.url, options=hurried) as captions:
        assert isinstance(await anext(captions), Ready)
        await anext(captions)
        await captions.send(wire.numbered_samples(75 * SECOND))
        extra = asyncio.create_task(captions.send(wire.numbered_samples(SECOND)))
        await heard.wait()
        assert not extra.done()
        acknowledge.set()
        await extra
    assert captions.lost_s == 0.0


async def test_sending_after_the_end_is_refused() -> None:
    async def over(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.closed())

    async with ScriptedServer(over) as server, publish(server.url) as captions:
        await all_events(captions)
        with pytest.raises(SessionEnded, match="no more audio"):
            await captions.send(wire.numbered_samples(1))


async def test_an_error_in_the_program_ends_the_session_and_comes_out_as_it_is() -> None:
    async def left(peer: Peer) -> None:
        await peer.greet()
        await peer.socket.wait_closed()

    async with ScriptedServer(left) as server:
        with pytest.raises(ZeroDivisionError):
            async with publish(server.url) as captions:
                await anext(captions)
                raise ZeroDivisionError


async def test_cancelling_ends_the_session_at_once() -> None:
    async def left(peer: Peer) -> None:
        await peer.greet()
        await peer.socket.wait_closed()

    started = asyncio.Event()

    async def program(url: str) -> None:
        async with publish(url) as captions:
            await anext(captions)
            started.set()
            await anext(captions)

    async with ScriptedServer(left) as server:
        task = asyncio.create_task(program(server.url))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [({"room": "two words"}, '"room" must be'), ({"language": "klingon"}, '"language" must be')],
)
def test_a_wish_the_protocol_does_not_know_is_refused_before_connecting(
    wishes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ProtocolError, match=sentence):
        publish("ws://localhost", **wishes)  # type: ignore[arg-type]  # what a command line gives


def test_a_key_with_a_line_break_is_refused() -> None:
    with pytest.raises(OperatorError, match="key"):
        publish("ws://localhost", options=ConnectionOptions(key="abc\r\nHost: evil"))
