"""The blocking client between threads: many at once, and every way of leaving."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from livecaption.client import (
    BlockingPublisher,
    ConnectionOptions,
    LoopThread,
    RetryPolicy,
    ServerUnreachable,
    SessionEnded,
    publish_blocking,
)
from livecaption.client.sent_audio import WAITING_S
from livecaption.errors import LiveCaptionError, NotAllowed, ProtocolError, UnsupportedAudio
from livecaption.protocol.server_messages import FinalizedMessage, FinalMessage
from tests.client import wire
from tests.client.scripted_server import Peer, ScriptedServer
from tests.client.test_blocking import threads
from tests.client.test_watch_losses import silence

BLOCK, SECOND = 1600, 16_000
SENDERS, BLOCKS = 4, 20


async def run(program: Callable[[], object]) -> None:
    """Run a blocking program in a thread, bounded."""
    async with asyncio.timeout(20):
        await asyncio.to_thread(program)
    assert threads() == []


async def test_blocks_from_several_threads_arrive_whole_and_all() -> None:
    async def listen(peer: Peer) -> None:
        await peer.greet()
        await peer.finish()

    async with ScriptedServer(listen) as server:

        def program() -> None:
            with publish_blocking(server.url) as captions, ThreadPoolExecutor(SENDERS) as pool:

                def speak(number: int) -> None:
                    for _ in range(BLOCKS):
                        captions.send(np.full(BLOCK, number, np.int16))

                list(pool.map(speak, range(SENDERS)))

        await run(program)
    blocks = np.frombuffer(bytes(server.peers[0].audio), np.int16).reshape(-1, BLOCK)
    assert (blocks == blocks[:, :1]).all()
    assert np.bincount(blocks[:, 0]).tolist() == [BLOCKS] * SENDERS


async def test_one_thread_reads_while_others_send_and_ask() -> None:
    async def answer(peer: Peer) -> None:
        await peer.greet()
        await peer.read_until("finalize")
        await peer.say(wire.final(1, "One."), wire.say("finalized"))
        assert (await peer.read_until("configure"))["speaker"] == "Ben"
        await peer.read_until("stop")
        await peer.say(wire.final(2, "Two."), wire.closed())

    async with ScriptedServer(answer) as server:

        def program() -> list[str]:
            heard: list[str] = []
            finalized = threading.Event()
            with publish_blocking(server.url, speaker="Ann") as captions:

                def read() -> None:
                    for event in captions.events():
                        if isinstance(event, FinalMessage):
                            heard.append(event.text)
                        if isinstance(event, FinalizedMessage):
                            finalized.set()

                reader = threading.Thread(target=read)
                reader.start()
                captions.send(bytes(2 * BLOCK))
                captions.finalize()
                assert finalized.wait(10)
                captions.configure(speaker="Ben")
                captions.stop()
                reader.join(10)
            assert not reader.is_alive()
            return heard

        async with asyncio.timeout(20):
            assert await asyncio.to_thread(program) == ["One.", "Two."]
    assert threads() == []


async def test_mistakes_are_raised_where_they_are_made_and_the_session_goes_on() -> None:
    async def listen(peer: Peer) -> None:
        await peer.greet()
        await peer.finish()

    async with ScriptedServer(listen) as server:

        def program() -> None:
            with publish_blocking(server.url) as captions:
                with pytest.raises(UnsupportedAudio):
                    captions.send(b"odd")
                with pytest.raises(ProtocolError, match="language"):
                    captions.configure(language="klingon")
                captions.send(bytes(2 * BLOCK))

        await run(program)
    assert len(server.peers[0].audio) == 2 * BLOCK


async def test_leaving_with_an_error_while_the_connection_is_opened_ends_at_once() -> None:
    async with silence() as (url, came):

        def program() -> None:
            with publish_blocking(url):
                assert came.wait(5)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(5):  # the handshake alone would take 10 s
                await asyncio.to_thread(program)
    assert threads() == []


async def test_leaving_while_the_connection_is_opened_waits_for_it_and_says_why_not() -> None:
    options = ConnectionOptions(answer_s=0.2)
    async with silence() as (url, _):

        def program() -> None:
            with publish_blocking(url, options=options) as captions:
                captions.send(bytes(2 * BLOCK))

        with pytest.raises(ServerUnreachable, match="no answer in time"):
            await run(program)


async def test_stopping_before_the_connection_is_open_sends_everything_first() -> None:
    async def slow(peer: Peer) -> None:
        await stopped.wait()
        await peer.greet()
        await peer.finish()

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with ScriptedServer(slow) as server:

        def program() -> None:
            with publish_blocking(server.url) as captions:
                captions.send(bytes(2 * BLOCK))
                captions.stop()
                loop.call_soon_threadsafe(stopped.set)

        await run(program)
    assert len(server.peers[0].audio) == 2 * BLOCK


def left_waiting(
    url: str, came: threading.Event, wait: Callable[[BlockingPublisher], object]
) -> LiveCaptionError | None:
    """Let one thread wait, and leave with an error in another; return what the first one met."""
    met: list[LiveCaptionError] = []
    begun = threading.Event()

    def waiter(captions: BlockingPublisher) -> None:
        begun.set()
        try:
            wait(captions)
        except LiveCaptionError as error:
            met.append(error)

    with pytest.raises(ZeroDivisionError), publish_blocking(url) as captions:
        thread = threading.Thread(target=waiter, args=(captions,))
        thread.start()
        assert begun.wait(10)
        assert came.wait(10)
        raise ZeroDivisionError
    thread.join(10)
    assert not thread.is_alive()
    return met[0] if met else None


async def test_a_thread_that_waits_for_events_is_let_go() -> None:
    async with silence() as (url, came), asyncio.timeout(20):
        met = await asyncio.to_thread(left_waiting, url, came, lambda it: list(it.events()))
    assert met is None


async def test_a_thread_that_waits_to_send_is_let_go() -> None:
    def send_too_much(captions: BlockingPublisher) -> None:
        captions.send(bytes(2 * SECOND * int(WAITING_S + 2)))

    async with silence() as (url, came), asyncio.timeout(20):
        met = await asyncio.to_thread(left_waiting, url, came, send_too_much)
    assert isinstance(met, SessionEnded)


async def test_a_lost_server_ends_every_call_and_the_reason_is_raised_once() -> None:
    async def leave(peer: Peer) -> None:
        await peer.greet()
        await peer.say(wire.error("not_allowed", "This key has been taken back."))
        await peer.socket.close(4501)

    async with ScriptedServer(leave) as server:

        def program() -> None:
            with publish_blocking(server.url) as captions:
                with pytest.raises(NotAllowed, match="taken back"):
                    list(captions.events())
                with pytest.raises(SessionEnded):
                    captions.send(bytes(2 * BLOCK))
                assert list(captions.events()) == []

        await run(program)


async def test_a_loop_that_has_ended_takes_no_session() -> None:
    loop = LoopThread()
    with loop:
        pass
    with pytest.raises(SessionEnded, match="loop has ended"):
        with publish_blocking("ws://127.0.0.1:9", loop=loop):
            pass


async def test_leaving_the_loop_ends_the_sessions_on_it() -> None:
    async def listen(peer: Peer) -> None:
        await peer.greet()
        greeted.set()
        await peer.socket.wait_closed()

    greeted = threading.Event()
    patience = ConnectionOptions(retry=RetryPolicy(patience=1.0))
    async with ScriptedServer(listen) as server:

        def program() -> None:
            with LoopThread() as loop:
                captions = publish_blocking(server.url, options=patience, loop=loop)
                captions.__enter__()
                assert greeted.wait(10)
            with pytest.raises(SessionEnded):
                captions.send(bytes(2 * BLOCK))

        await run(program)
