"""Losses and refusals, over real sockets on this machine."""

from __future__ import annotations

import asyncio

import pytest

from livecaption.client import (
    ConnectionOptions,
    Reconnecting,
    RetryPolicy,
    ServerRefused,
    ServerUnreachable,
    SessionEnded,
    publish,
)
from livecaption.errors import NotAllowed, Overloaded, ProtocolError
from livecaption.protocol.server_messages import (
    Closed,
    DeltaMessage,
    FinalMessage,
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


async def test_the_handshake_names_protocol_and_key() -> None:
    options = ConnectionOptions(key="lc_abc")
    async with (
        ScriptedServer(caption_all) as server,
        publish(server.url, blocks(1), options=options) as captions,
    ):
        await all_events(captions)
    headers = server.requests[0].headers
    assert server.requests[0].path == "/ws/publish"
    assert headers["Sec-WebSocket-Protocol"] == "livecaption.v1"
    assert headers["Authorization"] == "Bearer lc_abc"
    assert "Sec-WebSocket-Extensions" not in headers
    assert "lc_abc" not in repr(options)


async def test_a_dropped_socket_is_resumed_without_loss_or_repetition() -> None:
    async def dropped(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.delta(1, "One"))
        await peer.hear(SECOND)
        peer.drop()

    async def resumed(peer: Peer) -> None:
        await peer.greet(resumed=True, at=SECOND // 2)
        await peer.say(wire.delta(1, "One"), wire.delta(2, " two."), wire.final(3, "One two."))
        await peer.finish()

    async with (
        ScriptedServer(dropped, resumed) as server,
        publish(server.url, blocks(20), options=AT_ONCE) as captions,
    ):
        events = await all_events(captions)
    first, second = server.peers
    assert second.messages[0]["resume"]["session"] == "s_1"
    assert second.messages[0]["resume"]["last_seq"] == 1
    assert first.audio[:SECOND] + second.audio == wire.numbered_samples(2 * SECOND).tobytes()
    texts = [event.text for event in events if isinstance(event, DeltaMessage)]
    assert texts == ["One", " two."]
    assert [e.resumed for e in events if isinstance(e, Ready)] == [False, True]
    assert kinds(events).count("Reconnecting") == 1


async def test_a_session_the_server_has_forgotten_goes_on_as_a_new_one() -> None:
    async def restarted(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND)
        await peer.say(wire.final(1, "One.", end=0.2), wire.ack(SECOND // 2))
        await peer.say(wire.closed("going_away"))
        await peer.socket.close(1012)

    async def forgotten(peer: Peer) -> None:
        await peer.greet("s_2")
        await peer.say(wire.final(1, "Two."))
        await peer.finish()

    async with (
        ScriptedServer(restarted, forgotten) as server,
        publish(server.url, blocks(15), options=AT_ONCE) as captions,
    ):
        events = await all_events(captions)
    assert [e.text for e in events if isinstance(e, FinalMessage)] == ["One.", "Two."]
    half = SECOND // 2
    assert server.peers[1].audio == wire.numbered_samples(SECOND, start=half).tobytes()


async def test_a_full_server_is_asked_again_after_the_time_it_names() -> None:
    full = Refusal(503, '{"message": "All 8 places are taken."}', {"Retry-After": "0"})
    options = ConnectionOptions(retry=AT_ONCE.retry, random=lambda: 0.5)
    async with (
        ScriptedServer(full, full, caption_all) as server,
        publish(server.url, blocks(1), options=options) as captions,
    ):
        events = await all_events(captions)
    told = [event for event in events if isinstance(event, Reconnecting)]
    assert told == [Reconnecting("All 8 places are taken.", 0.0005)]
    assert isinstance(events[-1], Closed)


async def test_a_server_that_is_full_for_longer_than_we_care_is_given_up() -> None:
    full = Refusal(429, '{"detail": "Too many streams for this key."}', {"Retry-After": "3600"})
    async with ScriptedServer(full) as server, publish(server.url, blocks(1)) as captions:
        with pytest.raises(Overloaded, match="Too many streams") as refusal:
            await all_events(captions)
    assert refusal.value.retry_after == 3600


@pytest.mark.parametrize(
    ("refusal", "error", "sentence"),
    [
        (Refusal(401, '{"error": {"message": "This key is unknown."}}'), NotAllowed, "unknown"),
        (Refusal(403, "Origin not allowed."), NotAllowed, "Origin not allowed."),
        (Refusal(403), NotAllowed, "LIVECAPTION_KEY"),
        (Refusal(404, "<html>nothing here</html>"), ServerRefused, "HTTP status 404"),
        (Refusal(502, "bad\x1b[31m gateway"), ServerUnreachable, "bad \\[31m gateway"),
    ],
)
async def test_a_refused_connection_raises_a_typed_error_with_the_servers_sentence(
    refusal: Refusal, error: type[Exception], sentence: str
) -> None:
    async with ScriptedServer(refusal) as server, publish(server.url, blocks(1)) as captions:
        with pytest.raises(error, match=sentence):
            await all_events(captions)


async def test_an_address_where_nothing_answers_is_reported_at_once() -> None:
    async with ScriptedServer() as server:
        url = server.url
    async with publish(url, blocks(1)) as captions:
        with pytest.raises(ServerUnreachable, match=r"livecaption serve"):
            await all_events(captions)


async def test_a_server_that_stays_away_is_given_up_when_patience_ends() -> None:
    async def dropped(peer: Peer) -> None:
        await peer.greet()
        peer.drop()

    impatient = ConnectionOptions(retry=RetryPolicy(first=0.01, longest=0.01, patience=0.03))
    async with ScriptedServer(dropped) as server:
        async with publish(server.url, options=impatient) as captions:
            assert isinstance(await anext(captions), Ready)
            await server.stop()
            with pytest.raises(ServerUnreachable):
                await all_events(captions)


async def test_a_session_taken_over_is_not_claimed_back() -> None:
    async def taken(peer: Peer) -> None:
        await peer.greet()
        await peer.socket.close(4009)

    async with ScriptedServer(taken) as server, publish(server.url, options=AT_ONCE) as captions:
        with pytest.raises(SessionEnded, match="goes on there"):
            await all_events(captions)


async def test_a_session_that_lasted_too_long_goes_on_as_a_new_one() -> None:
    async def expired(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND)
        await peer.say(wire.ack(SECOND), wire.error("max_session", "Long enough."))
        await peer.say(wire.closed("max_session"))
        await peer.socket.close(1001)

    async with (
        ScriptedServer(expired, caption_all) as server,
        publish(server.url, blocks(10), options=AT_ONCE) as captions,
    ):
        events = await all_events(captions)
    assert [e.reason for e in events if isinstance(e, Reconnecting)] == ["Long enough."]
    assert [e.reason for e in events if isinstance(e, Closed)] == ["stop"]
    assert server.peers[1].audio == b""


@pytest.mark.parametrize(("code", "error"), [(4000, ProtocolError), (4029, SessionEnded)])
async def test_a_mistake_the_client_would_repeat_is_raised_and_not_repeated(
    code: int, error: type[Exception]
) -> None:
    async def scolding(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.error("too_fast", "Audio comes too fast."), wire.closed("too_fast"))
        await peer.socket.close(code)

    async with ScriptedServer(scolding) as server, publish(server.url, options=AT_ONCE) as captions:
        with pytest.raises(error, match="comes too fast"):
            await all_events(captions)


async def test_a_malformed_message_ends_the_session_with_1002() -> None:
    async def babbling(peer: Peer) -> None:
        await peer.greet()
        await peer.say("{nonsense")
        await peer.socket.wait_closed()

    async with ScriptedServer(babbling) as server, publish(server.url) as captions:
        with pytest.raises(ProtocolError):
            await all_events(captions)
    assert server.peers[0].socket.close_code == 1002


@pytest.mark.parametrize("subprotocol", [None, "chat"])
async def test_a_server_that_speaks_something_else_is_left(subprotocol: str | None) -> None:
    async def waiting(peer: Peer) -> None:
        await peer.socket.wait_closed()

    async with (
        ScriptedServer(waiting, subprotocol=subprotocol) as server,
        publish(server.url) as captions,
    ):
        with pytest.raises(ServerRefused, match=r"does not speak livecaption\.v1"):
            await all_events(captions)


async def test_a_server_that_asks_for_time_while_connected_gets_it() -> None:
    async def full(peer: Peer) -> None:
        await peer.read_until("start")
        await peer.say(wire.error("overloaded", "Come back.", retry_after_ms=20))
        await peer.socket.close(1013)

    options = ConnectionOptions(retry=AT_ONCE.retry, random=lambda: 0.5)
    async with (
        ScriptedServer(full, caption_all) as server,
        publish(server.url, blocks(1), options=options) as captions,
    ):
        events = await all_events(captions)
    assert Reconnecting("Come back.", 0.0205) in events
    assert isinstance(events[-1], Closed)


async def test_a_server_that_never_says_ready_is_tried_again() -> None:
    async def silent(peer: Peer) -> None:
        await peer.socket.wait_closed()

    options = ConnectionOptions(retry=AT_ONCE.retry, answer_s=0.05)
    async with (
        ScriptedServer(silent, caption_all) as server,
        publish(server.url, blocks(1), options=options) as captions,
    ):
        events = await all_events(captions)
    assert isinstance(events[0], Reconnecting)
    assert isinstance(events[-1], Closed)


async def test_a_quiet_publisher_shows_that_it_is_there() -> None:
    heard = asyncio.Event()

    async def listening(peer: Peer) -> None:
        await peer.read_until("start")
        quick = wire.ready().replace('"idle_s": 60', '"idle_s": 0.03')
        await peer.say(quick)
        await peer.read_until("keepalive")
        heard.set()
        await peer.finish()

    async with ScriptedServer(listening) as server, publish(server.url):
        async with asyncio.timeout(10):
            await heard.wait()


async def test_a_connection_that_has_fallen_silent_is_replaced_long_before_it_is_dead() -> None:
    gone = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND // 10)
        await peer.say(wire.ack(SECOND // 10))
        await gone.wait()

    async def resumed(peer: Peer) -> None:
        await peer.greet(resumed=True, at=SECOND // 10)
        gone.set()
        await peer.finish()

    patient = ConnectionOptions(quiet_s=1000.0, doubt_s=0.2)
    async with (
        ScriptedServer(silent, resumed) as server,
        publish(server.url, blocks(2), options=patient) as captions,
    ):
        events = await all_events(captions)
    assert [e.resumed for e in events if isinstance(e, Ready)] == [False, True]
    assert server.peers[1].audio == wire.numbered_samples(1600, start=1600).tobytes()


async def test_a_socket_that_answers_no_ping_is_left_before_its_reports_are_overdue() -> None:
    gone = asyncio.Event()

    async def cut_off(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND // 10)
        await peer.say(wire.ack(SECOND // 10))
        peer.socket.transport.pause_reading()
        await gone.wait()

    async def resumed(peer: Peer) -> None:
        await peer.greet(resumed=True, at=SECOND // 10)
        gone.set()
        await peer.finish()

    patient = ConnectionOptions(quiet_s=1000.0, doubt_s=100.0, pong_s=0.2)
    async with (
        ScriptedServer(cut_off, resumed) as server,
        publish(server.url, blocks(2), options=patient) as captions,
    ):
        events = await all_events(captions)
    assert [e.resumed for e in events if isinstance(e, Ready)] == [False, True]


async def test_a_connection_that_speaks_again_is_kept_and_the_other_one_is_dropped() -> None:
    doubted, dropped = asyncio.Event(), asyncio.Event()

    async def slow(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND // 10)
        await peer.say(wire.ack(SECOND // 10))
        await doubted.wait()
        await peer.say(wire.ack(SECOND // 10))
        await dropped.wait()
        await peer.finish()

    async def spare(peer: Peer) -> None:
        doubted.set()
        await peer.socket.wait_closed()
        dropped.set()

    options = ConnectionOptions(quiet_s=4.0, doubt_s=0.5)
    async with (
        ScriptedServer(slow, spare) as server,
        publish(server.url, blocks(1), options=options) as captions,
    ):
        events = await all_events(captions)
    assert kinds(events).count("Ready") == 1
    assert "Reconnecting" not in kinds(events)
    assert server.peers[1].messages == []


async def test_the_last_words_come_although_the_connection_was_lost_over_them() -> None:
    async def dropped(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.started(1))
        await peer.read_until("stop")
        peer.drop()

    async def told_again(peer: Peer) -> None:
        await peer.greet(resumed=True, at=SECOND // 10)
        await peer.say(wire.final(2, "The end."), wire.ack(SECOND // 10), wire.closed())
        await peer.socket.close(1000)

    async with (
        ScriptedServer(dropped, told_again) as server,
        publish(server.url, blocks(1), options=AT_ONCE) as captions,
    ):
        events = await all_events(captions)
    assert [e.text for e in events if isinstance(e, FinalMessage)] == ["The end."]
    assert isinstance(events[-1], Closed)
    assert server.peers[1].messages[0]["resume"]["last_seq"] == 1
    assert server.peers[1].audio == b""
