"""The engine dies and hangs under eight speakers: sockets stay, and no word is lost or repeated.

``python -m bench engine_faults`` does it with the bundled model for minutes.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx2
import numpy as np
import psutil
import pytest

from livecaption.bench.word_errors import count_errors
from livecaption.bundled import speech_clips
from livecaption.client import ConnectionOptions, paced, publish
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.hypothesis import text_of
from livecaption.engine.supervised import SupervisedTranscriber
from livecaption.engine.supervisor import Supervisor, Watchdog
from livecaption.media.sources import open_source
from tests.faults.heard import Heard
from tests.faults.killable import SERVE, KillableServer
from tests.faults.raw_socket import RawSocket, upgrade
from tests.faults.talk import talk
from tests.faults.talking_engine import TalkRecipe
from tests.faults.test_cuts import blocks
from tests.serving import Running, running_server, within

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the engine's process needs POSIX")

AUDIO, WORDS = talk(9.0)
TEXT = text_of(WORDS).strip()
"""No two words alike: one that is missing, or that is there twice, cannot hide."""
PATIENT = ConnectionOptions(quiet_s=10.0)
DOG = Watchdog(hang_s=3.0)


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[tuple[Running, Supervisor]]:
    supervisor = await asyncio.to_thread(
        Supervisor, TalkRecipe(folder, workers=2), lambda _: None, DOG
    )
    with SupervisedTranscriber(supervisor) as engine:
        async with running_server(engine, max_hop=0.5) as running:
            yield running, supervisor


async def speak(url: str, room: str, audio: Samples = AUDIO, *vocabulary: str) -> Heard:
    heard = Heard(asyncio.get_running_loop().time)
    await hear(url, room, audio, heard, vocabulary)
    return heard


async def hear(
    url: str, room: str, audio: Samples, heard: Heard, vocabulary: tuple[str, ...] = ()
) -> None:
    sound = paced(blocks(audio))
    session = publish(url, sound, options=PATIENT, room=room, vocabulary=vocabulary, language="en")
    async with asyncio.timeout(120), session as captions:
        async for event in captions:
            heard.take(event)


def check_whole(heard: Heard) -> None:
    assert heard.broken == []
    assert heard.text == TEXT
    assert (heard.sessions, heard.gaps, len(heard.losses)) == (1, [], 0)
    assert heard.closed is not None
    assert heard.closed.lost_s == 0


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGSTOP])
async def test_no_word_is_lost_when_the_engine_dies_or_hangs(
    tmp_path: Path, sig: signal.Signals
) -> None:
    async with watched(tmp_path) as (running, supervisor):
        everybody = asyncio.gather(*(speak(running.ws, f"room-{n}") for n in range(8)))
        await within(lambda: running.hub.sessions.totals.figures.words > 80, 60)
        pid = supervisor.current().pid
        os.kill(pid, sig)
        await within(lambda: supervisor.restarts != {}, 60)
        await within(lambda: supervisor.is_up, 60)
        for heard in await everybody:
            check_whole(heard)
        assert sum(supervisor.restarts.values()) == 1


async def test_who_kills_the_engine_twice_gets_a_gap_and_the_others_do_not_notice(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path) as (running, supervisor):
        killer = speak(running.ws, "poison", AUDIO, "kill-2")
        poisoned, *others = await asyncio.gather(
            killer, *(speak(running.ws, f"room-{n}") for n in range(7))
        )
        await within(lambda: supervisor.restarts == {"signal": 2}, 60)
    for heard in others:
        check_whole(heard)
    assert poisoned.broken == []
    assert {gap.reason for gap in poisoned.gaps} == {"engine_error"}
    assert poisoned.closed is not None
    assert poisoned.closed.lost_s == round(poisoned.lost_s, 3) > 0
    left_out = [word for word in TEXT.split() if word not in poisoned.text.split()]
    times = {word.text.strip(): (word.start + word.stop) / 2 / SAMPLE_RATE for word in WORDS}
    for word in left_out:
        # A word at the edge of a window is only found in the next one.
        assert any(gap.from_ - 0.4 <= times[word] <= gap.to + 0.4 for gap in poisoned.gaps), word
    assert len(left_out) < len(WORDS) / 2


async def test_a_server_says_that_its_engine_is_restarting(tmp_path: Path) -> None:
    async with watched(tmp_path) as (running, supervisor):
        assert running.hub.status == "ready"
        os.kill(supervisor.current().pid, signal.SIGKILL)
        await within(lambda: running.hub.status == "restarting", 30)
        await within(lambda: running.hub.status == "ready", 30)
        supervisor.trouble = "It does not come back."
        status, text = await get(running, "/v1/admin/state")
        assert status == 200
        assert "It does not come back." in text
        assert b" 503 " in await answer_to(running, "/ws/publish")


async def get(running: Running, path: str) -> tuple[int, str]:
    async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
        answer = await http.get(path)
    return answer.status_code, answer.text


async def answer_to(running: Running, path: str) -> bytes:
    """The first line of what a WebSocket is told."""
    async with await RawSocket.open(running.port) as raw:
        await raw.send(upgrade(path))
        return (await raw.head()).split(b"\r\n")[0]


@pytest.mark.model
async def test_the_bundled_model_is_back_after_a_kill(tmp_path: Path) -> None:
    clip = speech_clips()[0]
    with open_source(str(clip.audio)) as source:
        audio = np.concatenate(list(source))[: 9 * SAMPLE_RATE]
    said = [word.word for word in clip.words if word.stop < 8.5]
    heard = Heard(asyncio.get_running_loop().time)
    settings = {"MODEL": "micro-en", "DEVICE": "cpu", "CPU_THREADS": "2"}
    async with KillableServer(tmp_path, settings, SERVE) as server:
        speaking = asyncio.create_task(hear(server.url, "main", audio, heard))
        await within(partial(_has_committed, heard, 5), 60)
        engine = engine_of(server.pid)
        engine.kill()
        await speaking
        assert engine_of(server.pid).pid != engine.pid
    assert heard.broken == []
    assert (len(heard.losses), heard.sessions) == (0, 1)
    errors = count_errors(said, [word.text for word in heard.words])
    assert errors.lost == 0 or heard.lost_s > 0, heard.text
    assert errors.doubled == 0, heard.text
    assert errors.rate < 0.15, heard.text


def _has_committed(heard: Heard, count: int) -> bool:
    return heard.committed >= count


def engine_of(server: int) -> psutil.Process:
    """The process that holds a server's model."""
    (engine,) = [
        child
        for child in psutil.Process(server).children()
        if "livecaption.engine.child" in child.cmdline()
    ]
    return engine
