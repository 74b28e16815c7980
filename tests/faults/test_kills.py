"""kill -9 while somebody speaks: what was shown is on the disk, and the captions go on.

``python -m bench kills`` does it twenty times, with several speakers.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from livecaption.bench.word_errors import count_errors
from livecaption.bundled import speech_clips
from livecaption.client import ConnectionOptions, paced, publish
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.hypothesis import text_of
from livecaption.media.sources import open_source
from tests.faults.heard import Heard
from tests.faults.killable import SCRIPTED, SERVE, KillableServer
from tests.faults.on_disk import read_disk
from tests.faults.talk import talk
from tests.faults.test_cuts import blocks
from tests.serving import within

SEED = 9
LONG_ENOUGH = ConnectionOptions(quiet_s=10.0)
"""A kill is seen at once; a server that begins on a busy machine is given its time."""


async def speak(server: KillableServer, audio: Samples, heard: Heard) -> None:
    sound = paced(blocks(audio))
    async with publish(server.url, sound, options=LONG_ENOUGH, language="en") as captions:
        async for event in captions:
            heard.take(event)


async def speak_and_kill(server: KillableServer, audio: Samples, at_words: Sequence[int]) -> Heard:
    """Publish at speaking speed; kill the server each time that so many words were committed."""
    heard = Heard(asyncio.get_running_loop().time)
    async with asyncio.timeout(300), asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(speak(server, audio, heard))
        for count in at_words:
            await within(partial(_has_committed, heard, count), 60)
            await server.kill()
            assert not speaking.done()
            check_disk(server, heard)
            await server.start()
    return heard


def _has_committed(heard: Heard, count: int) -> bool:
    return heard.committed >= count


def check_disk(server: KillableServer, heard: Heard) -> None:
    """All that was shown is stored as it was shown, and nothing is broken."""
    disk = read_disk(server.directory)
    assert disk.integrity == "ok"
    assert disk.missing(heard.numbered) == []
    assert disk.holes == []
    for final in heard.finals:
        session = heard.readies[0][1].session
        assert disk.events[session, final.seq]["text"] == final.text


async def test_what_was_said_before_and_after_a_kill_is_captioned_once(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    at_words = [dice.randint(2, 12), dice.randint(15, 26)]
    audio, words = talk(9.0)
    async with KillableServer(tmp_path, {"MAX_HOP": "0.5"}, (*SCRIPTED, "9")) as server:
        heard = await speak_and_kill(server, audio, at_words)
        await server.kill()
        check_disk(server, heard)
    assert heard.broken == []
    assert heard.text == text_of(words).strip()
    assert (heard.sessions, heard.withdrawn, heard.gaps) == (1, 0, [])
    assert len(heard.readies) == 1 + len(at_words)
    assert heard.closed is not None
    assert heard.closed.lost_s == 0


@pytest.mark.model
async def test_the_program_itself_can_be_killed_in_the_middle_of_a_sentence(tmp_path: Path) -> None:
    clip = speech_clips()[0]
    with open_source(str(clip.audio)) as source:
        audio = np.concatenate(list(source))[: 9 * SAMPLE_RATE]
    said = [word.word for word in clip.words if word.stop < 8.5]
    at_words = [random.Random(SEED).randint(4, 14)]
    settings = {"MODEL": "micro-en", "DEVICE": "cpu", "CPU_THREADS": "1"}
    async with KillableServer(tmp_path, settings, SERVE) as server:
        heard = await speak_and_kill(server, audio, at_words)
        status, body = await server.get("/v1/rooms/main/transcript?format=json")
    lines = [entry for entry in json.loads(body)["entries"] if entry["type"] == "utterance"]
    assert status == 200
    assert " ".join(line["text"] for line in lines) == heard.text
    assert heard.broken == []
    assert heard.closed is not None
    assert heard.closed.lost_s == round(heard.lost_s, 3)
    errors = count_errors(said, [word.text for word in heard.words])
    assert errors.lost == 0 or heard.lost_s > 0, heard.text
    assert errors.doubled == 0, heard.text
    assert errors.rate < 0.15, heard.text
