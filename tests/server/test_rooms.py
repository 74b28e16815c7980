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
from livecaption.server.room import Room, Speaker
from livecaption.server.rooms import Rooms
from livecaption.storage.records import RoomTail
from tests.server.publishing import publish

ANN = Speaker("s_1", "Ann", 0.0)
HELLO = Word(" hello", 0, 4800, 0.9)


def read(box: Outbox) -> list[dict[str, Any]]:
    events = [json.loads(text) for text in box.drain()]
    return [event for event in events if event["type"] != "presence"]


def presences(box: Outbox) -> list[tuple[int, int]]:
    events = [json.loads(text) for text in box.drain()]
    return [(e["publishers"], e["detached"]) for e in events if e["type"] == "presence"]


def say(room: Room, utterance: int, text: str) -> None:
    first = 3 * utterance - 2
    publish(room, UtteranceStarted(first, utterance, 0), ANN)
    publish(room, Delta(first + 1, utterance, text, (HELLO,)), ANN)
    publish(room, Final(first + 2, utterance, text, 0, 1, "en", "Ann", (HELLO,)), ANN)


def test_a_newer_partial_replaces_a_waiting_one_and_a_final_withdraws_it() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    publish(room, UtteranceStarted(1, 1, 0), ANN)
    publish(room, Partial(1, 1, "hel", ()), ANN)
    publish(room, Partial(1, 2, "hello", ()), ANN)
    assert [e["type"] for e in read(box)] == ["snapshot", "utterance_started", "partial"]
    publish(room, Partial(1, 3, "hello the", ()), ANN)
    publish(room, Delta(2, 1, "hello", (HELLO,)), ANN)
    publish(room, Partial(1, 4, " there", ()), ANN)
    publish(room, Final(3, 1, "hello", 0, 1, "en", "Ann", (HELLO,)), ANN)
    assert [e["type"] for e in read(box)] == ["delta", "final"]


def test_partials_of_two_speakers_do_not_replace_each_other() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    read(box)
    for speaker in (ANN, Speaker("s_2", "Ben", 0.0)):
        publish(room, UtteranceStarted(1, 1, 0), speaker)
        publish(room, Partial(1, 1, "hello", ()), speaker)
    partials = [e for e in read(box) if e["type"] == "partial"]
    assert [p["speaker"] for p in partials] == ["Ann", "Ben"]


def test_a_snapshot_holds_the_open_utterance_as_far_as_it_is_known() -> None:
    room, box = Room("main"), Outbox(limit=10)
    say(room, 1, "good morning")
    publish(room, UtteranceStarted(4, 2, 32_000), ANN)
    publish(room, Delta(5, 2, "hello", (HELLO,)), ANN)
    publish(room, Partial(2, 1, " there", ()), ANN)
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
    publish(room, UtteranceStarted(1000, 999, 0), ANN)
    publish(room, Final(1001, 999, "", 0, 0, None, None, ()), ANN)
    finals = room.snapshot().finals
    assert len(finals) == SNAPSHOT_FINALS
    assert finals[-1].text == f"line {SNAPSHOT_FINALS + 10}"


def test_what_concerns_only_the_publisher_stays_out_of_the_room() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    read(box)
    publish(room, Finalized(), ANN)
    publish(room, SessionClosed("stop", 1, 0, 1, 0), ANN)
    publish(room, Gap(1, 0, 16_000, GapReason.OVERLOAD), ANN)
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
    publish(room, UtteranceStarted(1, 1, 0), ANN)
    publish(room, UtteranceStarted(1, 1, 0), Speaker("s_2", None, 0.0))
    room.leave(ANN.session)
    assert [open_.session for open_ in room.snapshot().open_utterances] == ["s_2"]


NOTHING = RoomTail(offset=0, finals=(), events=())


async def forgetful(room: str) -> RoomTail:
    return NOTHING


def test_readers_are_told_who_speaks() -> None:
    room, box = Room("main"), Outbox(limit=10)
    room.join(box.put, None)
    assert presences(box) == [(0, 0)]
    room.attach("s_1")
    assert presences(box) == [(1, 0)]
    room.detach("s_1")
    assert presences(box) == [(0, 1)]
    room.attach("s_1")
    room.leave("s_1")
    assert presences(box) == [(0, 0)], "only the newest of those that wait matters"


def test_a_reader_that_joins_between_stamp_and_delivery_gets_the_event_once() -> None:
    room, box = Room("main", offset=7), Outbox(limit=10)
    stamped = room.stamp(UtteranceStarted(1, 1, 0), ANN)
    assert stamped is not None
    room.join(box.put, None)
    room.deliver(stamped)
    snapshot, started = read(box)
    assert (snapshot["offset"], snapshot["open_utterances"]) == (7, [])
    assert (started["type"], started["offset"]) == ("utterance_started", 8)


async def test_offsets_of_a_reopened_room_never_fit_its_earlier_life() -> None:
    now = 1000.0
    rooms = Rooms(forgetful, lambda: now)
    first = await rooms.open("main")
    say(first, 1, "hello")
    rooms.release(first)
    assert len(rooms) == 0
    now += 60
    again = await rooms.open("main")
    assert again.offset > first.offset
    assert await rooms.open("main") is again


async def test_a_room_remembers_what_is_stored_of_it() -> None:
    earlier, box = Room("main", offset=500), Outbox(limit=300)
    earlier.join(box.put, None)
    say(earlier, 1, "good morning")
    texts = [(e["offset"], json.dumps(e)) for e in read(box) if "offset" in e][1:]
    finals = tuple(text for _, text in texts if '"final"' in text)

    async def recall(room: str) -> RoomTail:
        return RoomTail(offset=503, finals=finals, events=tuple(texts))

    room = await Rooms(recall).open("main")
    late, back = Outbox(limit=10), Outbox(limit=10)
    room.join(late.put, None)
    (snapshot,) = read(late)
    assert [final["text"] for final in snapshot["finals"]] == ["good morning"]
    room.join(back.put, 501)
    assert [e.get("offset") for e in read(back)] == [501, 502, 503]
    say(room, 2, "welcome")
    assert room.offset == 506


async def test_a_room_is_open_until_the_last_one_lets_go() -> None:
    rooms = Rooms(forgetful)
    room = await rooms.open("main")
    assert await rooms.open("main") is room
    rooms.release(room)
    assert rooms.find("main") is room
    rooms.release(room)
    assert rooms.find("main") is None
