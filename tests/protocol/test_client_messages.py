from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from livecaption.errors import ProtocolError
from livecaption.protocol.client_messages import (
    AudioFormat,
    Configure,
    Encoding,
    Hello,
    Resume,
    Start,
)
from livecaption.protocol.codec import decode_publisher, decode_watcher
from livecaption.protocol.languages import WHISPER_LANGUAGES
from tests.protocol.examples import REFUSED_FIELDS, RESUME, refused_message


def start(**fields: Any) -> Start:
    message = decode_publisher(json.dumps({"type": "start", **fields}))
    assert isinstance(message, Start)
    return message


def test_start_needs_nothing_but_its_type() -> None:
    assert start() == Start(
        room="main",
        audio=AudioFormat(encoding="pcm_s16le", sample_rate=16_000, channels=1),
        language=None,
        task="transcribe",
        partials=True,
        vocabulary=(),
        speaker=None,
        resume=None,
    )


def test_start_ignores_fields_of_a_later_version() -> None:
    assert start(room="a", diarise=True, audio={"gain": 2}) == Start(room="a")


@pytest.mark.parametrize("room", ["a", "A-b_9", "x" * 64])
def test_room_names_up_to_their_limit_are_taken(room: str) -> None:
    assert start(room=room).room == room


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_rates_and_channels_up_to_their_limits_are_taken(rate: int, channels: int) -> None:
    audio = start(audio={"sample_rate": rate, "channels": channels}).audio
    assert (audio.sample_rate, audio.channels) == (rate, channels)


@pytest.mark.parametrize(
    ("encoding", "mono", "stereo"),
    [
        ("pcm_s16le", 2, 4),
        ("pcm_f32le", 4, 8),
        ("mulaw", 1, 2),
        ("alaw", 1, 2),
        ("opus", None, None),
        ("webm", None, None),
        ("ogg", None, None),
    ],
)
def test_each_encoding_knows_the_bytes_of_one_sample_of_every_channel(
    encoding: Encoding, mono: int | None, stereo: int | None
) -> None:
    assert start(audio={"encoding": encoding}).audio.block_bytes == mono
    assert AudioFormat(encoding=encoding, channels=2).block_bytes == stereo


@pytest.mark.parametrize("language", [None, *sorted(WHISPER_LANGUAGES)])
def test_every_whisper_language_and_detection_are_taken(language: str | None) -> None:
    assert start(language=language).language == language


def test_vocabulary_and_speaker_take_any_script_up_to_their_limits() -> None:
    vocabulary = ["東京", "می‌خواهم", "👩‍💻", "CTranslate2 4.8", *["x" * 64] * 96]
    message = start(vocabulary=vocabulary, speaker="Ж" * 64)
    assert message.vocabulary == tuple(vocabulary)
    assert message.speaker == "Ж" * 64


def test_resume_names_the_session_and_the_last_event() -> None:
    assert start(resume=RESUME).resume == Resume(session="s_1", resume_token="rt_1", last_seq=0)


@pytest.mark.parametrize(("name", "path", "value"), REFUSED_FIELDS)
def test_a_refused_field_is_named_in_one_sentence_without_its_value(
    name: str, path: str, value: Any
) -> None:
    decode = decode_watcher if name == "hello" else decode_publisher
    with pytest.raises(ProtocolError) as caught:
        decode(json.dumps(refused_message(name, path, value)))
    sentence = str(caught.value)
    assert sentence.startswith(f'In "{name}", the field "{path}" ')
    assert " must be " in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 220


def test_a_missing_field_is_said_to_be_missing() -> None:
    with pytest.raises(ProtocolError) as caught:
        start(resume={"session": "s_1", "last_seq": 4})
    assert str(caught.value) == (
        'In "start", the field "resume.resume_token" is missing; '
        "it must be 1 to 128 printable ASCII characters."
    )


def test_a_token_never_appears_in_a_complaint() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_watcher('{"type":"hello","token":"secret token"}')
    assert "secret" not in str(caught.value)
    with pytest.raises(ValidationError) as raw:
        Hello(token="secret token")
    assert "secret" not in str(raw.value)


def test_configure_tells_absent_from_null() -> None:
    absent = decode_publisher('{"type":"configure","vocabulary":[]}')
    null = decode_publisher('{"type":"configure","language":null,"speaker":"Ada"}')
    assert isinstance(absent, Configure)
    assert isinstance(null, Configure)
    assert absent.changed == {"vocabulary"}
    assert null.changed == {"language", "speaker"}
    assert null.language is None
    assert Configure(speaker=None).changed == {"speaker"}


def test_hello_may_say_nothing() -> None:
    assert decode_watcher('{"type":"hello"}') == Hello(token=None, after=None)


def test_messages_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Start().room = "other"
