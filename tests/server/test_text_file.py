"""The live text file: whole rows, the hold, and disks that do not play along."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from livecaption.core.captions import Delta, Final, Gap, GapReason, Partial, UtteranceStarted
from livecaption.core.outbox import Outgoing
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.errors import OperatorError
from livecaption.protocol.limits import MAX_WATCH_UNSENT_EVENTS
from livecaption.server.room import Room, Speaker
from livecaption.server.text_file import FileWriter, check_text_file, live_text_file
from livecaption.settings import load_settings
from tests.server.publishing import new_rooms, publish
from tests.serving import events_until, open_publisher, running_server, speech, within

ADA = Speaker("s_1", "Ada", 0.0)


class Talk:
    """Somebody who speaks into a room."""

    def __init__(self, room: Room, speaker: Speaker = ADA) -> None:
        self.room = room
        self.speaker = speaker
        self.seq = 0
        self.utterance = 0

    def begin(self) -> None:
        self.utterance += 1
        publish(self.room, UtteranceStarted(self._next(), self.utterance, 0), self.speaker)

    def say(self, text: str) -> None:
        publish(self.room, Delta(self._next(), self.utterance, text, ()), self.speaker)

    def end(self, text: str) -> None:
        final = Final(self._next(), self.utterance, text, 0, 1, "en", self.speaker.name, ())
        publish(self.room, final, self.speaker)

    def _next(self) -> int:
        self.seq += 1
        return self.seq


@asynccontextmanager
async def following(path: Path, **given: Any) -> AsyncIterator[Talk]:
    rooms = new_rooms()
    settings = load_settings(None, text_file=path, **given)
    async with live_text_file(settings, rooms):
        room = await rooms.open(settings.text_file_room)
        await within(lambda: bool(room.subscribers))
        yield Talk(room)
        rooms.release(room)
    assert len(rooms) == 0


def holds(path: Path, text: str) -> Callable[[], bool]:
    return lambda: path.exists() and path.read_text(encoding="utf-8") == text


async def test_committed_words_appear_and_roll_up(tmp_path: Path) -> None:
    path = tmp_path / "live.txt"
    async with following(path) as talk:
        talk.begin()
        publish(talk.room, Partial(1, 1, "Good mourning", ()), ADA)
        talk.say("Good morning everyone.")
        await within(holds(path, "Ada: Good morning everyone.\n"))
        talk.end("Good morning everyone.")
        talk.begin()
        talk.say("Let's get started with the planning review of the new server.")
        await within(
            holds(
                path,
                "Ada: Let's get started with the planning\nreview of the new server.\n",
            )
        )
        publish(talk.room, Gap(99, 0, 1, GapReason.OVERLOAD), ADA)
    assert path.read_text() == ""
    assert os.listdir(tmp_path) == ["live.txt"]


async def test_the_text_goes_when_nothing_new_comes(tmp_path: Path) -> None:
    path = tmp_path / "live.txt"
    async with following(path, text_file_hold=0.2) as talk:
        talk.begin()
        talk.say("Going.")
        await within(holds(path, "Ada: Going.\n"))
        await within(holds(path, ""))
        talk.end("Going. Gone.")
        await within(holds(path, "Ada: Gone.\n"))


async def test_only_the_room_that_was_asked_for_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "live.txt"
    async with following(path, text_file_room="stage", text_file_lines=1) as talk:
        assert talk.room.name == "stage"
        talk.begin()
        talk.say("Hello.")
        await within(holds(path, "Ada: Hello.\n"))


async def test_what_is_open_when_the_server_looks_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "live.txt"
    rooms = new_rooms()
    talk = Talk(await rooms.open("main"), Speaker("s_1", None, 0.0))
    talk.room.attach("s_1")
    talk.begin()
    talk.say("Already speaking")
    async with live_text_file(load_settings(None, text_file=path), rooms):
        await within(holds(path, "Already speaking\n"))


async def test_a_burst_that_overflows_the_outbox_starts_again_from_what_is_open(
    tmp_path: Path,
) -> None:
    path = tmp_path / "live.txt"
    async with following(path) as talk:
        talk.begin()
        for _ in range(MAX_WATCH_UNSENT_EVENTS + 1):
            talk.say(" word")
        talk.end("word")
        talk.begin()
        talk.say("The newest.")
        await within(holds(path, "Ada: The newest.\n"))
        talk.say(" And on.")
        await within(holds(path, "Ada: The newest. And on.\n"))


async def test_without_a_path_there_is_no_file_and_no_reader() -> None:
    rooms = new_rooms()
    async with live_text_file(load_settings(None), rooms):
        assert len(rooms) == 0


async def test_the_running_server_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "live.txt"
    async with running_server(
        ScriptedTranscriber(script("Good morning.")), text_file=path
    ) as running:
        async with open_publisher(running, speaker="Ada") as socket:
            await socket.send(speech(1.0))
            await socket.send('{"type":"finalize"}')
            await events_until(socket, "final")
            await within(lambda: path.exists() and "Good morning." in path.read_text())
    assert path.read_text() == ""


@pytest.mark.parametrize("name", ["no/such/folder/live.txt", "."])
def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match=r"live text file .* cannot be written: .*\. Name a"):
        check_text_file(tmp_path / name)


def test_the_file_is_there_and_empty_before_anybody_speaks(tmp_path: Path) -> None:
    path = tmp_path / "live.txt"
    path.write_text("from last time")
    check_text_file(path)
    assert path.read_text() == ""
    assert os.listdir(tmp_path) == ["live.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "live.txt"
    link.symlink_to(tmp_path / "elsewhere" / "real.txt")
    check_text_file(link)
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "real.txt").read_text() == ""


async def test_a_disk_that_refuses_is_one_log_line_without_captions_and_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "gone" / "live.txt"
    writer = FileWriter(path)
    writer.offer("Secret words.\n")
    await within(lambda: "cannot be written" in caplog.text)
    writer.offer("Newer words.\n")
    path.parent.mkdir()
    await within(holds(path, "Newer words.\n"), 10)
    await within(lambda: "can be written again" in caplog.text)
    await asyncio.to_thread(writer.close)
    assert path.read_text() == ""
    lines = [record.getMessage() for record in caplog.records if "text file" in record.getMessage()]
    assert len(lines) == 2
    assert "words" not in caplog.text


async def test_a_full_disk_is_said_once_and_does_not_end_the_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "live.txt"
    (tmp_path / ".live.txt.part").symlink_to("/dev/full")
    async with following(path) as talk:
        talk.begin()
        talk.say("Good morning.")
        await within(lambda: "No space left on device" in caplog.text)
        await within(holds(path, "Ada: Good morning.\n"), 10)
    assert "morning" not in caplog.text


async def test_a_disk_that_refuses_to_the_end_does_not_hold_up_the_end(tmp_path: Path) -> None:
    writer = FileWriter(tmp_path / "gone" / "live.txt")
    writer.offer("Words.\n")
    async with asyncio.timeout(5):
        await asyncio.to_thread(writer.close)


async def test_a_write_that_hangs_stops_neither_captions_nor_the_end(tmp_path: Path) -> None:
    """A pipe that nobody reads hangs for ever, like a network drive that is gone."""
    path = tmp_path / "live.txt"
    os.mkfifo(tmp_path / ".live.txt.part")
    async with asyncio.timeout(10):
        async with following(path) as talk:
            for _ in range(3):
                talk.begin()
                talk.say("Nobody waits for this.")
                talk.end("Nobody waits for this.")
            assert talk.room.snapshot().finals[-1].text == "Nobody waits for this."
    reader = os.open(tmp_path / ".live.txt.part", os.O_RDONLY | os.O_NONBLOCK)
    await within(lambda: all(t.name != "livecaption-text-file" for t in threading.enumerate()))
    os.close(reader)


async def test_a_fault_of_ours_ends_the_file_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(tmp_path / "live.txt") as talk:
        for put in list(talk.room.subscribers):
            put(Outgoing("no message at all"))
        await within(lambda: "not written any more" in caplog.text)
        assert not talk.room.subscribers
