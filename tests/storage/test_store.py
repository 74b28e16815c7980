from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from livecaption.core.checkpoint import Checkpoint
from livecaption.core.transcript import TranscriptGap, TranscriptLine
from livecaption.errors import OperatorError
from livecaption.storage.records import (
    SessionEnded,
    SessionOpened,
    SessionProgress,
    StoredEvent,
    Write,
)
from livecaption.storage.schema import VERSION
from livecaption.storage.store import FILE_NAME, TranscriptStore

GREETING = " Good morning."


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TranscriptStore]:
    store = await TranscriptStore.open(tmp_path)
    yield store
    await store.aclose()


def opened(session: str, room: str = "main", at: float = 1000.0) -> SessionOpened:
    return SessionOpened(session, room, b"hash", at, '{"type":"start"}')


def final(
    seq: int, session: str = "s_1", room: str = "main", text: str = GREETING.strip(), at: float = 0
) -> StoredEvent:
    words = [
        {"text": word, "start": i + 0.5, "end": i + 1.0, "probability": 0.9}
        for i, word in enumerate(text.split())
    ]
    message = {
        "type": "final",
        "seq": seq,
        "utterance": seq,
        "text": text,
        "start": 0.5,
        "end": 2.0,
        "language": "en",
        "speaker": "Ada",
        "words": words,
        "room": room,
        "session": session,
        "offset": 100 + seq,
    }
    return StoredEvent(room, 100 + seq, session, seq, "final", at, json.dumps(message))


def gap(seq: int, session: str = "s_1") -> StoredEvent:
    message = {
        "type": "gap",
        "seq": seq,
        "from": 2.0,
        "to": 3.5,
        "reason": "overload",
        "room": "main",
        "session": session,
        "speaker": None,
        "offset": 100 + seq,
    }
    return StoredEvent("main", 100 + seq, session, seq, "gap", 0, json.dumps(message))


def delta(seq: int, session: str = "s_1", at: float = 0) -> StoredEvent:
    return StoredEvent("main", 100 + seq, session, seq, "delta", at, '{"type":"delta"}')


def files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_what_was_recorded_is_there_after_the_store_is_opened_again(tmp_path: Path) -> None:
    first = await TranscriptStore.open(tmp_path)
    checkpoint = Checkpoint(32_000, 2, 2, 20_000, 12_000, 0, "en")
    await first.record([opened("s_1"), delta(1), final(2), SessionProgress("s_1", checkpoint)])
    await first.aclose()
    again = await TranscriptStore.open(tmp_path)
    stored = await again.session("s_1", 10)
    assert stored is not None
    assert (stored.room, stored.token_hash, stored.started_at) == ("main", b"hash", 1000.0)
    assert stored.checkpoint == checkpoint
    assert [event.seq for event in stored.events] == [1, 2]
    assert await again.unended() == ["s_1"]
    await again.aclose()


async def test_a_batch_is_written_as_a_whole_or_not_at_all(store: TranscriptStore) -> None:
    await store.record([opened("s_1"), final(1)])
    with pytest.raises(sqlite3.IntegrityError):
        await store.record([final(2), final(1)])
    await store.record([final(3)])
    transcript = await store.transcript("main")
    assert [line.offset for line in transcript.lines] == [101, 103]


async def test_a_transcript_holds_lines_and_gaps_in_the_order_of_the_room(
    store: TranscriptStore,
) -> None:
    await store.record([opened("s_1", at=1000.0), final(1), delta(2), gap(3), final(4, text="")])
    await store.record([opened("s_2", room="other"), final(1, "s_2", "other")])
    transcript = await store.transcript("main")
    line, missing = transcript.entries
    assert isinstance(line, TranscriptLine)
    assert (line.text, line.speaker, line.started_at, line.start) == (
        "Good morning.",
        "Ada",
        1000.0,
        0.5,
    )
    assert "".join(word.text for word in line.words) == line.text
    assert isinstance(missing, TranscriptGap)
    assert (missing.start, missing.end, missing.reason) == (2.0, 3.5, "overload")


async def test_a_message_that_cannot_be_read_does_not_hide_the_others(
    store: TranscriptStore,
) -> None:
    broken = StoredEvent("main", 90, "s_1", 9, "final", 0, '{"type":"final","text":7}')
    await store.record([opened("s_1"), broken, final(1)])
    assert len((await store.transcript("main")).entries) == 1


async def test_a_room_comes_back_with_its_last_finals_and_events(store: TranscriptStore) -> None:
    await store.record([opened("s_1"), *(final(n) for n in range(1, 9)), delta(9)])
    tail = await store.room_tail("main", finals=3, events=4)
    assert tail.offset == 109
    assert [json.loads(text)["seq"] for text in tail.finals] == [6, 7, 8]
    assert [offset for offset, _ in tail.events] == [106, 107, 108, 109]
    assert (await store.room_tail("nobody", finals=3, events=4)).offset == 0


async def test_rooms_are_listed_with_the_latest_first(store: TranscriptStore) -> None:
    await store.record([opened("s_1"), final(1, at=10.0), final(2, at=20.0)])
    await store.record([opened("s_2", room="b"), final(1, "s_2", "b", at=30.0)])
    rooms = await store.rooms()
    assert [(r.room, r.finals, r.first_at, r.last_at) for r in rooms] == [
        ("b", 1, 30.0, 30.0),
        ("main", 2, 10.0, 20.0),
    ]


async def test_a_deleted_room_is_gone_from_the_file_too(
    store: TranscriptStore, tmp_path: Path
) -> None:
    writes: list[Write] = [opened("s_1"), final(1), SessionEnded("s_1", 5.0, "stop")]
    await store.record([*writes, opened("s_2"), final(2, "s_2"), final(3, "s_2")])
    assert await store.delete_room("main") == 3
    assert (await store.transcript("main")).entries == ()
    assert await store.unended() == ["s_2"], "a session that goes on keeps its place"
    for file in files(tmp_path):
        assert b"Good morning" not in file.read_bytes()


async def test_old_sessions_are_swept_away_with_all_they_said(store: TranscriptStore) -> None:
    await store.record([opened("s_1"), final(1), SessionEnded("s_1", 100.0, "stop")])
    await store.record([opened("s_2"), final(2, "s_2"), SessionEnded("s_2", 200.0, "stop")])
    await store.record([opened("s_3"), final(3, "s_3")])
    gone = await store.sweep(ended_before=150.0, steps_before=0, max_bytes=10**9)
    assert gone == 1
    assert [line.session for line in (await store.transcript("main")).lines] == ["s_2", "s_3"]


async def test_deltas_of_ended_sessions_go_but_their_finals_stay(store: TranscriptStore) -> None:
    await store.record([opened("s_1"), delta(1), final(2), SessionEnded("s_1", 1.0, "stop")])
    await store.record([opened("s_2"), delta(3, "s_2")])
    await store.sweep(ended_before=0, steps_before=100.0, max_bytes=10**9)
    tail = await store.room_tail("main", finals=5, events=5)
    assert [offset for offset, _ in tail.events] == [102, 103]


async def test_the_oldest_sessions_make_room_when_there_is_too_much(
    store: TranscriptStore,
) -> None:
    for number in range(30):
        name = f"s_{number}"
        long = final(number, name, text="word " * 2000)
        await store.record([opened(name), long, SessionEnded(name, float(number), "stop")])
    bound = await store.size() // 2
    gone = await store.sweep(ended_before=0, steps_before=0, max_bytes=bound)
    assert 8 <= gone < 30
    assert await store.size() <= bound
    left = [line.session for line in (await store.transcript("main")).lines]
    assert left == [f"s_{number}" for number in range(gone, 30)]


async def test_in_memory_nothing_touches_the_disk(tmp_path: Path) -> None:
    store = await TranscriptStore.open(None)
    await store.record([opened("s_1"), final(1)])
    assert len((await store.transcript("main")).lines) == 1
    await store.aclose()
    assert files(tmp_path) == []


async def test_two_servers_cannot_use_one_directory(store: TranscriptStore, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="Another livecaption server"):
        await TranscriptStore.open(tmp_path)


async def test_a_directory_can_be_used_again_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 100)
    for _ in range(2):
        with pytest.raises(OperatorError, match="cannot be opened"):
            await TranscriptStore.open(tmp_path)


async def test_tables_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(OperatorError, match="newer livecaption"):
        await TranscriptStore.open(tmp_path)


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="Transcripts cannot be kept in"):
        await TranscriptStore.open(tmp_path / "file" / "below")


async def test_only_its_owner_can_read_the_transcripts(
    store: TranscriptStore, tmp_path: Path
) -> None:
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


async def test_no_log_line_holds_what_was_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = await TranscriptStore.open(tmp_path)
    await store.record([opened("s_1"), final(1)])
    await store.transcript("main")
    await store.aclose()
    assert "morning" not in caplog.text
