"""Rooms without sockets: what readers are handed, in what order."""

from __future__ import annotations

import json
from typing import Any

from livecaption.core.captions import (
    Delta,
    Final,
    Finalized,
    Gap,
    GapReason,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.hypothesis import Word
from livecaption.core.outbox import Outbox
from livecaption.protocol.limits import SNAPSHOT_FINALS
from livecaption.server.rooms import Room, Rooms, Speaker

ANN = Speaker("s_1", "Ann")
HELLO = Word(" hello", 0, 4800, 0.9)


def read(box: Outbox) -> list[dict[str, Any]]:
    return [json.loads(text) for text in box.drain()]


def say(room: Room, utterance: int, text: str) -> None:
    first = 3 * utterance - 2
    room.publish(UtteranceStarted(first, utterance, 0), ANN)
    room.publish(Delta(first + 1, utterance, text, (HELLO,)), ANN)
    room.publish(Final(first + 2, utterance, text, 0, 1, "en", "Ann", (HELLO,)), ANN)


def test_a_newer_partial_replaces_a_waiting_one_and_a_final_withdraws_it() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    room.publish(UtteranceStarted(1, 1, 0), ANN)
    room.publish(Partial(1, 1, "hel", ()), ANN)
    room.publish(Partial(1, 2, "hello", ()), ANN)
    assert [e["type"] for e in read(box)] == ["snapshot", "utterance_started", "partial"]
    room.publish(Partial(1, 3, "hello the", ()), ANN)
    room.publish(Delta(2, 1, "hello", (HELLO,)), ANN)
    room.publish(Partial(1, 4, " there", ()), ANN)
    room.publish(Final(3, 1, "hello", 0, 1, "en", "Ann", (HELLO,)), ANN)
    assert [e["type"] for e in read(box)] == ["delta", "final"]


def test_partials_of_two_speakers_do_not_replace_each_other() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    read(box)
    for speaker in (ANN, Speaker("s_2", "Ben")):
        room.publish(UtteranceStarted(1, 1, 0), speaker)
        room.publish(Partial(1, 1, "hello", ()), speaker)
    partials = [e for e in read(box) if e["type"] == "partial"]
    assert [p["speaker"] for p in partials] == ["Ann", "Ben"]


def test_a_snapshot_holds_the_open_utterance_as_far_as_it_is_known() -> None:
    room, box = Room("main"), Outbox(limit=10)
    say(room, 1, "good morning")
    room.publish(UtteranceStarted(4, 2, 32_000), ANN)
    room.publish(Delta(5, 2, "hello", (HELLO,)), ANN)
    room.publish(Partial(2, 1, " there", ()), ANN)
    room.join(box.put, None)
    (snapshot,) = read(box)
    assert [final["text"] for final in snapshot["finals"]] == ["good morning"]
    (utterance,) = snapshot["open_utterances"]
    assert (utterance["text"], utterance["partial"], utterance["start"]) == ("hello", " there", 2.0)
    assert [word["text"] for word in utterance["words"]] == ["hello"]
    assert snapshot["offset"] == room.offset


def test_only_the_newest_finals_are_kept_and_empty_ones_are_not() -> None:
    room = Room("main")
    for number in range(1, SNAPSHOT_FINALS + 11):
        say(room, number, f"line {number}")
    room.publish(UtteranceStarted(1000, 999, 0), ANN)
    room.publish(Final(1001, 999, "", 0, 0, None, None, ()), ANN)
    finals = room.snapshot().finals
    assert len(finals) == SNAPSHOT_FINALS
    assert finals[-1].text == f"line {SNAPSHOT_FINALS + 10}"


def test_what_concerns_only_the_publisher_stays_out_of_the_room() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    read(box)
    room.publish(Finalized(), ANN)
    room.publish(SessionClosed("stop", 1, 0, 1, 0), ANN)
    room.publish(Gap(1, 0, 16_000, GapReason.OVERLOAD), ANN)
    (gap,) = read(box)
    assert (gap["type"], gap["from"], gap["to"], gap["reason"]) == ("gap", 0.0, 1.0, "overload")


def test_a_reader_that_missed_nothing_gets_an_empty_snapshot() -> None:
    room, box = Room("main", offset=500), Outbox(limit=10)
    say(room, 1, "hello")
    room.join(box.put, room.offset)
    (snapshot,) = read(box)
    assert (snapshot["offset"], snapshot["finals"]) == (room.offset, [])


def test_a_reader_that_missed_more_than_is_held_gets_a_full_snapshot_that_fits() -> None:
    room, box = Room("main", offset=1), Outbox(limit=256)
    for number in range(1, 101):
        say(room, number, f"line {number}")
    room.join(box.put, 1)
    assert [event["type"] for event in read(box)] == ["snapshot"]
    for after in range(room.offset - 120, room.offset):
        late = Outbox(limit=256)
        room.join(late.put, after)
        assert not late.overflowed


def test_a_session_that_breaks_leaves_no_open_line_behind() -> None:
    room = Room("main")
    room.publish(UtteranceStarted(1, 1, 0), ANN)
    room.publish(UtteranceStarted(1, 1, 0), Speaker("s_2", None))
    room.abandon(ANN.session)
    assert [open_.session for open_ in room.snapshot().open_utterances] == ["s_2"]


def test_offsets_of_a_reopened_room_never_fit_its_earlier_life() -> None:
    now = 1000.0
    rooms = Rooms(lambda: now)
    first = rooms.get("main")
    say(first, 1, "hello")
    rooms.release(first)
    assert len(rooms) == 0
    now += 60
    assert rooms.get("main").offset > first.offset
    assert rooms.get("main") is rooms.get("main")


def test_a_room_in_use_is_not_forgotten() -> None:
    rooms = Rooms()
    room = rooms.get("main")
    room.join(lambda outgoing: None, None)
    rooms.release(room)
    assert rooms.get("main") is room
