"""The blocking client, in a thread, against a real server and a scripted one."""

from __future__ import annotations

import asyncio
import threading

import pytest

from livecaption.client import LoopThread, SessionEnded, publish_blocking
from livecaption.errors import NotAllowed
from livecaption.protocol.server_messages import FinalMessage
from tests.client.scripted_server import Refusal, ScriptedServer
from tests.server.test_watch import SENTENCE, transcriber
from tests.serving import running_server, speech


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "livecaption-client"]


def caption(url: str, speaker: str, loop: LoopThread | None = None) -> list[tuple[str, str | None]]:
    with publish_blocking(url, room="main", speaker=speaker, loop=loop) as captions:
        captions.send(speech(2.8))
        captions.stop()
        finals = [each for each in captions.events() if isinstance(each, FinalMessage)]
    with pytest.raises(SessionEnded):
        captions.send(b"")
    return [(final.text, final.speaker) for final in finals]


async def test_audio_sent_from_a_thread_comes_back_as_captions_and_the_thread_ends() -> None:
    async with running_server(transcriber()) as running:
        assert await asyncio.to_thread(caption, running.ws, "Ann") == [(SENTENCE, "Ann")]
    assert threads() == []


async def test_several_speakers_share_one_loop() -> None:
    async with running_server(transcriber()) as running:
        with LoopThread() as loop:
            names = ("Ann", "Ben")
            heard = await asyncio.gather(
                *(asyncio.to_thread(caption, running.ws, name, loop) for name in names)
            )
            assert len(threads()) == 1
    assert heard == [[(SENTENCE, "Ann")], [(SENTENCE, "Ben")]]
    assert threads() == []


async def test_a_refusal_is_raised_in_the_callers_thread() -> None:
    def program(url: str) -> None:
        with publish_blocking(url) as captions:
            list(captions.events())

    async with ScriptedServer(Refusal(401, "No.")) as server:
        with pytest.raises(NotAllowed, match="No"):
            await asyncio.to_thread(program, server.url)
    assert threads() == []


async def test_an_error_in_the_program_ends_the_session_at_once() -> None:
    def program(url: str) -> None:
        with publish_blocking(url):
            raise ZeroDivisionError

    async with running_server(transcriber()) as running:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(program, running.ws)
    assert threads() == []
