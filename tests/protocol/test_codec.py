from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.captions import (
    CaptionEvent,
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
from livecaption.errors import ProtocolError, UnsupportedAudio
from livecaption.protocol.client_messages import (
    AudioFormat,
    Configure,
    Encoding,
    PublisherMessage,
    WatcherMessage,
)
from livecaption.protocol.codec import (
    RoomEvent,
    RoomOrigin,
    Unknown,
    check_audio_frame,
    decode_publisher,
    decode_server,
    decode_watcher,
    encode,
    event_message,
    room_message,
)
from livecaption.protocol.limits import MAX_FRAME_BYTES
from livecaption.protocol.server_messages import (
    Ack,
    Closed,
    DeltaMessage,
    ErrorMessage,
    FinalizedMessage,
    FinalMessage,
    GapMessage,
    PartialMessage,
    RoomDelta,
    RoomFinal,
    RoomGap,
    RoomPartial,
    RoomUtteranceStarted,
    ServerMessage,
    UtteranceStartedMessage,
    WordMessage,
)
from tests.protocol.examples import (
    events,
    labels,
    numbered_events,
    partials,
    publisher_messages,
    rooms,
    watcher_messages,
)

WORDS = (Word(" Good", 20_800, 24_320, 0.98), Word(" morning", 24_320, 31_047, 0.9666666))
WIRE_WORDS = (
    WordMessage(text="Good", start=1.3, end=1.52, probability=0.98),
    WordMessage(text="morning", start=1.52, end=1.94, probability=0.967),
)

EVENTS: list[tuple[CaptionEvent, ServerMessage]] = [
    (
        UtteranceStarted(seq=1, utterance=1, start=20_168),
        UtteranceStartedMessage(seq=1, utterance=1, start=1.26),
    ),
    (
        Delta(seq=2, utterance=1, text=" Good morning", words=WORDS),
        DeltaMessage(seq=2, utterance=1, text=" Good morning", words=WIRE_WORDS),
    ),
    (
        Partial(utterance=1, revision=3, text=" everyone", words=WORDS),
        PartialMessage(utterance=1, revision=3, text=" everyone"),
    ),
    (
        Final(3, 1, "Good morning", 20_168, 62_400, "en", "Ada", WORDS),
        FinalMessage(
            seq=3,
            utterance=1,
            text="Good morning",
            start=1.26,
            end=3.9,
            language="en",
            speaker="Ada",
            words=WIRE_WORDS,
        ),
    ),
    (
        Gap(seq=4, start=192_000, stop=214_400, reason=GapReason.OVERLOAD),
        GapMessage(seq=4, from_=12.0, to=13.4, reason="overload"),
    ),
    (Finalized(), FinalizedMessage()),
    (
        SessionClosed("stop", received=979_200, captioned=768_000, silent=211_192, lost=8),
        Closed(reason="stop", audio_s=61.2, captioned_s=48.0, silent_s=13.2, lost_s=0.001),
    ),
]


@pytest.mark.parametrize(("event", "message"), EVENTS)
def test_an_event_becomes_its_message_in_seconds(
    event: CaptionEvent, message: ServerMessage
) -> None:
    assert event_message(event) == message


@pytest.mark.parametrize(
    ("probability", "on_the_wire"),
    [(1.0000001, 1.0), (-0.0000001, 0.0), (float("nan"), 0.0), (0.98765, 0.988)],
)
def test_probabilities_stay_numbers_from_0_to_1(probability: float, on_the_wire: float) -> None:
    message = event_message(Delta(1, 1, "a", (Word("a", 0, 1, probability),)))
    assert isinstance(message, DeltaMessage)
    assert message.words[0].probability == on_the_wire


def test_text_is_compact_and_not_escaped() -> None:
    assert encode(event_message(Partial(1, 2, " Добрий «ранок» 😀", ()))) == (
        '{"type":"partial","utterance":1,"revision":2,"text":" Добрий «ранок» 😀"}'
    )


def test_a_gap_is_written_with_from_and_to() -> None:
    assert encode(event_message(EVENTS[4][0])) == (
        '{"type":"gap","seq":4,"from":12.0,"to":13.4,"reason":"overload"}'
    )


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Configure(), '{"type":"configure"}'),
        (Configure(language=None), '{"type":"configure","language":null}'),
        (Configure(vocabulary=("a",)), '{"type":"configure","vocabulary":["a"]}'),
    ],
)
def test_configure_is_written_with_the_changes_alone(message: Configure, text: str) -> None:
    assert encode(message) == text


# --- rooms -----------------------------------------------------------------------------------

ROOM: dict[str, Any] = {
    "room": "main",
    "session": "s_1",
    "speaker": "Ada",
    "started_at": "2026-11-23T10:00:00.250Z",
}
STARTED_AT = 1795428000.25


def from_ada(name: str | None = "Ada") -> RoomOrigin:
    return RoomOrigin("main", "s_1", name, STARTED_AT)


@pytest.mark.parametrize(
    ("event", "model"),
    [
        (EVENTS[0][0], RoomUtteranceStarted),
        (EVENTS[1][0], RoomDelta),
        (EVENTS[2][0], RoomPartial),
        (EVENTS[3][0], RoomFinal),
        (EVENTS[4][0], RoomGap),
    ],
)
def test_watchers_get_the_same_fields_and_the_room(event: RoomEvent, model: type) -> None:
    offset = None if isinstance(event, Partial) else 7
    message = room_message(event, from_ada(), offset)
    assert type(message) is model
    expected = json.loads(encode(event_message(event))) | ROOM
    if offset is not None:
        expected["offset"] = offset
    assert json.loads(encode(message)) == expected


def test_a_final_keeps_the_speaker_it_was_spoken_by() -> None:
    final = Final(3, 1, "Good morning", 0, 1, "en", None, ())
    message = room_message(final, from_ada("Grace"), 7)
    assert message.speaker is None


def test_only_numbered_events_have_an_offset() -> None:
    with pytest.raises(ValueError, match="partials have none"):
        room_message(Partial(1, 1, "a", ()), from_ada(), 7)
    with pytest.raises(ValueError, match="numbered events have an offset"):
        room_message(UtteranceStarted(1, 1, 0), from_ada(), None)


# --- round trips -----------------------------------------------------------------------------


@given(events)
def test_every_event_survives_the_wire(event: CaptionEvent) -> None:
    message = event_message(event)
    assert decode_server(encode(message)) == message


@given(
    numbered_events | partials,
    rooms,
    st.none() | labels,
    st.integers(1, 10**9),
    st.floats(0, 4e9),
)
def test_every_room_event_survives_the_wire(
    event: RoomEvent, room: str, speaker: str | None, number: int, started_at: float
) -> None:
    offset = None if isinstance(event, Partial) else number
    message = room_message(event, RoomOrigin(room, "s_1", speaker, started_at), offset)
    decoded = decode_server(encode(message))
    assert decoded == message
    assert type(decoded) is type(message)


@given(publisher_messages)
def test_every_publisher_message_survives_the_wire(message: PublisherMessage) -> None:
    decoded = decode_publisher(encode(message))
    assert decoded == message
    if isinstance(message, Configure):
        assert isinstance(decoded, Configure)
        assert decoded.changed == message.changed


@given(watcher_messages)
def test_every_watcher_message_survives_the_wire(message: WatcherMessage) -> None:
    assert decode_watcher(encode(message)) == message


# --- our own client reading ------------------------------------------------------------------


def test_a_client_skips_types_it_does_not_know() -> None:
    assert decode_server('{"type":"applause","level":3}') == Unknown(type="applause")


def test_a_client_ignores_fields_it_does_not_know() -> None:
    text = '{"type":"ack","received":2,"committed":1,"dropped":0}'
    assert decode_server(text) == Ack(received=2, committed=1)


def test_a_client_takes_an_error_without_a_retry_time() -> None:
    text = '{"type":"error","code":"internal","message":"Our fault.","fatal":true}'
    assert decode_server(text) == ErrorMessage(code="internal", message="Our fault.", fatal=True)


def test_a_client_refuses_a_known_type_with_wrong_fields() -> None:
    word = {"text": "a", "start": 0, "end": 1, "probability": 2}
    message = {"type": "delta", "seq": 1, "utterance": 1, "text": "a", "words": [word]}
    with pytest.raises(ProtocolError) as caught:
        decode_server(json.dumps(message))
    assert str(caught.value) == (
        'In "delta", the field "words[0].probability" must be a number from 0 to 1.'
    )
    with pytest.raises(ProtocolError, match='In "gap", the field "from" is missing'):
        decode_server('{"type":"gap","seq":1,"to":2,"reason":"client"}')
    with pytest.raises(ProtocolError, match='In "partial", the field "session" is missing'):
        decode_server('{"type":"partial","room":"a","utterance":1,"revision":1,"text":""}')


# --- audio -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "encoding", "channels"),
    [
        (2, "pcm_s16le", 1),
        (3_200, "pcm_s16le", 2),
        (MAX_FRAME_BYTES, "pcm_f32le", 2),
        (1, "mulaw", 1),
        (161, "opus", 1),
        (4_097, "webm", 2),
        (1, "ogg", 1),
    ],
)
def test_a_frame_of_whole_samples_is_taken(size: int, encoding: Encoding, channels: int) -> None:
    check_audio_frame(bytes(size), AudioFormat(encoding=encoding, channels=channels))


@pytest.mark.parametrize(
    ("size", "encoding", "channels", "reason"),
    [
        (0, "pcm_s16le", 1, "is empty"),
        (0, "webm", 1, "is empty"),
        (3_201, "pcm_s16le", 1, "3201 bytes ends inside a sample; .* a multiple of 2 bytes"),
        (3_202, "pcm_s16le", 2, "a multiple of 4 bytes"),
        (6, "pcm_f32le", 1, "a multiple of 4 bytes"),
        (161, "alaw", 2, "a multiple of 2 bytes"),
        (MAX_FRAME_BYTES + 2, "pcm_s16le", 1, "has 65538 bytes; send at most 65536"),
        (MAX_FRAME_BYTES + 1, "opus", 1, "has 65537 bytes"),
    ],
)
def test_a_frame_that_cannot_be_right_is_refused(
    size: int, encoding: Encoding, channels: int, reason: str
) -> None:
    with pytest.raises(UnsupportedAudio, match=reason) as caught:
        check_audio_frame(bytes(size), AudioFormat(encoding=encoding, channels=channels))
    assert caught.value.code == "bad_frame"
