"""A transcribed file as text, SRT, WebVTT and JSON, read back by other people's parsers."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.subtitles import (
    Segment,
    TimedWord,
    cues,
    timestamp,
    to_json,
    to_srt,
    to_txt,
    to_vtt,
)

SRT_TIMES = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d,\d{3} --> \d{2,}:[0-5]\d:[0-5]\d,\d{3}")
VTT_TIMES = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d\.\d{3} --> \d{2,}:[0-5]\d:[0-5]\d\.\d{3}")

words = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [
        "a",
        "the",
        "word,",
        "字幕です。",
        "-->",
        "<b>",
        "&amp;",
        "é",
        "👩‍👩‍👧",
        "supercalifragilistic",
        "x" * 60,
    ]
)
texts = st.lists(words, max_size=40).map(" ".join)


@st.composite
def recordings(draw: st.DrawFn) -> list[Segment]:
    """Segments that follow one another, as a decoder gives them."""
    segments, now = [], 0.0
    for text in draw(st.lists(texts, max_size=5)):
        now += draw(st.floats(0, 5000))
        start = now
        now += draw(st.floats(0, 30))
        segments.append(Segment(start, now, text))
    return segments


@given(recordings())
def test_srt_reads_back_as_its_cues(segments: list[Segment]) -> None:
    blocks = [block.splitlines() for block in to_srt(segments).split("\n\n") if block]
    assert [block[0] for block in blocks] == [str(n + 1) for n in range(len(cues(segments)))]
    assert all(SRT_TIMES.fullmatch(block[1]) for block in blocks)
    assert all("-->" not in line for block in blocks for line in block[2:])


@given(recordings())
def test_vtt_text_cannot_break_out_of_its_cue(segments: list[Segment]) -> None:
    header, *blocks = to_vtt(segments).split("\n\n")
    assert header.strip() == "WEBVTT"
    read = []
    for times, *lines in (block.strip("\n").split("\n") for block in blocks):
        assert VTT_TIMES.fullmatch(times)
        assert not any("<" in line or ">" in line for line in lines)
        for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
            lines = [line.replace(entity, char) for line in lines]
        read.append(tuple(lines))
    assert read == [cue.lines for cue in cues(segments)]


@given(recordings())
def test_json_is_json(segments: list[Segment]) -> None:
    document = to_json(segments, language="en", language_probability=1, duration=9.0)
    assert json.loads(json.dumps(document)) == document
    assert len(document["segments"]) == len(segments)


@given(st.floats(0, 2_000_000))
def test_timestamps_read_back_to_the_nearest_millisecond(seconds: float) -> None:
    hours, minutes, rest = timestamp(seconds).split(":")
    assert int(minutes) < 60
    assert float(rest) < 60
    read = int(hours) * 3600 + int(minutes) * 60 + float(rest)
    assert read == pytest.approx(seconds, abs=0.000501)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "00:00:00.000"),
        (59.9994, "00:00:59.999"),
        (59.9996, "00:01:00.000"),
        (3599.9999, "01:00:00.000"),
        (360_000.5, "100:00:00.500"),
    ],
)
def test_timestamps_carry_when_they_round_up(seconds: float, expected: str) -> None:
    assert timestamp(seconds) == expected


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf")])
def test_what_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="clock"):
        timestamp(seconds)


def test_nothing_said_gives_valid_empty_documents() -> None:
    assert to_txt([]) == ""
    assert to_srt([]) == ""
    assert to_vtt([]) == "WEBVTT\n"
    empty = to_json([], language=None, language_probability=0, duration=1.5)
    assert empty == {
        "language": None,
        "language_probability": 0,
        "duration": 1.5,
        "text": "",
        "segments": [],
    }
    assert cues([Segment(0, 1, " \n ")]) == []


def test_a_short_segment_is_one_line() -> None:
    assert to_srt([Segment(1.3, 3.9, " Good morning everyone.")]) == (
        "1\n00:00:01,300 --> 00:00:03,900\nGood morning everyone.\n"
    )


def test_vtt_escapes_markup_and_arrows() -> None:
    document = to_vtt([Segment(0, 1, " a < b && c --> d")])
    assert document == ("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na &lt; b &amp;&amp; c --&gt; d\n")


def test_txt_has_one_line_for_each_segment() -> None:
    assert to_txt([Segment(0, 1, " One.\r\n"), Segment(1, 2, ""), Segment(2, 3, " Two.")]) == (
        "One.\nTwo.\n"
    )


def test_json_carries_words_where_there_are_any() -> None:
    word = TimedWord(" Good", 1.30004, 1.52, 0.98765)
    document = to_json(
        [Segment(1.3, 1.52, " Good", words=(word,)), Segment(2, 3, " day")],
        language="en",
        language_probability=0.98765,
        duration=3,
    )
    assert document["text"] == "Good day"
    assert document["language_probability"] == 0.988
    assert document["segments"] == [
        {
            "start": 1.3,
            "end": 1.52,
            "text": "Good",
            "words": [{"text": "Good", "start": 1.3, "end": 1.52, "probability": 0.988}],
        },
        {"start": 2, "end": 3, "text": "day"},
    ]
