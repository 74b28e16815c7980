"""Transcripts as JSON, held to the schema that is published with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from livecaption.core.timeline import Timeline
from livecaption.core.transcript import Transcript
from livecaption.core.transcript_json import transcript_json
from tests.core.transcripts import NOON, TRICKY, gap, hour, line, transcript, transcripts

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "transcript.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def document(whole: Transcript) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(transcript_json(Timeline.of(whole)))
    VALIDATOR.validate(read)
    return read


def test_the_schema_is_one_and_refuses_what_is_none() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    wrong = document(transcript(line("Good.")))
    del wrong["entries"][0]["words"][0]["start"]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(wrong)


@given(transcripts())
def test_every_transcript_keeps_the_schema_and_every_text(whole: Transcript) -> None:
    read = document(whole)
    spoken = [entry for entry in read["entries"] if entry["type"] == "utterance"]
    assert sorted(entry["text"] for entry in spoken) == sorted(each.text for each in whole.lines)
    assert len(read["entries"]) == len(whole.entries)


def test_times_are_relative_and_absolute() -> None:
    read = document(
        transcript(
            line("Good morning.", 1.0, speaker="Ada", offset=7),
            line("Hi.", 0.5, session="s_2", started_at=NOON + 60.25, language="de", offset=9),
            gap(2.0, 3.5, offset=8),
        )
    )
    assert read["started_at"] == "2026-11-24T12:00:00.000Z"
    assert (read["duration"], read["offset"]) == (61.05, 9)
    assert (read["languages"], read["speakers"]) == (["en", "de"], ["Ada"])
    assert read["sessions"] == [
        {"session": "s_1", "started_at": "2026-11-24T12:00:00.000Z", "start": 0.0},
        {"session": "s_2", "started_at": "2026-11-24T12:01:00.250Z", "start": 60.25},
    ]
    first, lost, last = read["entries"]
    assert first == {
        "type": "utterance",
        "session": "s_1",
        "speaker": "Ada",
        "offset": 7,
        "start": 1.0,
        "end": 1.6,
        "started_at": "2026-11-24T12:00:01.000Z",
        "ended_at": "2026-11-24T12:00:01.600Z",
        "utterance": 1,
        "language": "en",
        "text": "Good morning.",
        "words": [
            {"text": "Good", "start": 1.0, "end": 1.3, "probability": 0.9},
            {"text": "morning.", "start": 1.3, "end": 1.6, "probability": 0.9},
        ],
    }
    assert (lost["type"], lost["start"], lost["end"], lost["reason"]) == (
        "gap",
        2.0,
        3.5,
        "overload",
    )
    assert last["words"] == [{"text": "Hi.", "start": 60.75, "end": 61.05, "probability": 0.9}]
    assert last["started_at"] == "2026-11-24T12:01:00.750Z"


def test_text_is_written_as_it_is() -> None:
    text = transcript_json(Timeline.of(transcript(*(line(each) for each in TRICKY))))
    assert "今天我们来谈谈" in text
    assert "שלום" in text
    assert [entry["text"] for entry in json.loads(text)["entries"]] == list(TRICKY)


def test_an_empty_transcript_and_an_hour_keep_the_schema_too() -> None:
    assert document(transcript()) == {
        "room": "main",
        "started_at": None,
        "duration": 0.0,
        "offset": 0,
        "languages": [],
        "speakers": [],
        "sessions": [],
        "entries": [],
    }
    assert len(document(hour())["entries"]) == 600
