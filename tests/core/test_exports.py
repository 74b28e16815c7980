"""The formats of a transcript, read back by other people's parsers."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise

import pytest
import webvtt
from hypothesis import given
from pysubs2 import SSAFile

from livecaption.core.cues import Cue
from livecaption.core.exports import EXPORTS
from livecaption.core.timeline import Timeline
from livecaption.core.transcript import Transcript
from livecaption.core.transcript_cues import labelled, transcript_cues
from livecaption.core.transcript_text import TextOptions, TextTimes
from tests.core.transcripts import TRICKY, hour, line, transcript, transcripts

VTT_TIMES = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d\.\d{3} --> \d{2,}:[0-5]\d:[0-5]\d\.\d{3}")
VOICE = re.compile(r"<v ([^<>]+)>(.*)</v>", re.DOTALL)
JOINER = "\u2060"
LIKE_TIMES = "00:00:01.000 --> 00:00:02.000"
"""pysubs2 takes any line with two times for a time line, whatever stands between them."""


def written(name: str, whole: Transcript) -> str:
    return EXPORTS[name].write(Timeline.of(whole), TextOptions())


def cues(whole: Transcript) -> list[Cue]:
    return transcript_cues(Timeline.of(whole))


def read_vtt(text: str) -> list[Cue]:
    """The cues webvtt-py finds."""
    return [
        Cue(
            caption.start_time.in_milliseconds(),
            caption.end_time.in_milliseconds(),
            tuple(html.unescape(VOICE.sub(r"\2", caption.raw_text)).split("\n")),
            html.unescape(found[1]) if (found := VOICE.fullmatch(caption.raw_text)) else None,
        )
        for caption in webvtt.from_string(text).captions
    ]


def read_srt(text: str) -> list[Cue]:
    """The cues pysubs2 finds."""
    return [
        Cue(each.start, each.end, tuple(each.text.replace(JOINER, "").split("\\N")))
        for each in SSAFile.from_string(text, format_="srt")
    ]


@given(transcripts())
def test_webvtt_reads_back_as_its_cues_speakers_included(whole: Transcript) -> None:
    assert read_vtt(written("vtt", whole)) == cues(whole)


@given(transcripts())
def test_a_caption_cannot_break_out_of_its_cue_in_webvtt(whole: Transcript) -> None:
    header, *blocks = written("vtt", whole).split("\n\n")
    assert header.startswith("WEBVTT Room main")
    assert len(header.strip().splitlines()) == 1
    for block in blocks:
        times, *text = block.strip("\n").split("\n")
        assert VTT_TIMES.fullmatch(times)
        assert not any("-->" in each for each in text)
        tags = re.findall(r"<[^<>]*>", "\n".join(text))
        assert all(tag == "</v>" or tag.startswith("<v ") for tag in tags)
        assert "\n".join(text).count("<") == len(tags) in (0, 2)


@pytest.mark.parametrize("caption", TRICKY)
def test_tricky_captions_come_out_of_every_parser_as_they_were_said(caption: str) -> None:
    whole = transcript(
        line(caption, 1.0, speaker="Ada & <Ben>"), line("After it.", 9.0, utterance=2)
    )
    (first, second) = read_vtt(written("vtt", whole))
    assert (" ".join(first.lines), first.speaker) == (caption, "Ada & <Ben>")
    assert second.lines == ("After it.",)
    if caption != LIKE_TIMES:
        (first, second) = read_srt(written("srt", whole))
        assert "".join(first.lines).replace(" ", "") == f"Ada & <Ben>: {caption}".replace(" ", "")
        assert second.lines == ("- After it.",)
    assert caption in written("txt", whole)
    assert json.loads(written("json", whole))["entries"][0]["text"] == caption


@pytest.mark.parametrize("name", ["vtt", "srt"])
def test_pysubs2_reads_both_subtitle_formats_with_the_same_times(name: str) -> None:
    whole = hour()
    read = SSAFile.from_string(written(name, whole), format_=name)
    expected = labelled(cues(whole)) if name == "srt" else cues(whole)
    assert [(each.start, each.end) for each in read] == [(cue.start, cue.end) for cue in expected]


def test_srt_holds_no_tag_style_or_second_time_line() -> None:
    text = written(
        "srt", transcript(*(line(each, 20.0 * n, utterance=n) for n, each in enumerate(TRICKY)))
    )
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    assert [block[0] for block in blocks] == [str(n + 1) for n in range(len(blocks))]
    for _, times, *lines in blocks:
        assert times.count("-->") == 1
        for each in lines:
            assert "-->" not in each
            assert not re.search(r"<[A-Za-z/!?]|\{\\", each)


def test_an_empty_transcript_is_valid_in_every_format() -> None:
    assert written("vtt", transcript()) == "WEBVTT Room main\n"
    assert webvtt.from_string(written("vtt", transcript())).captions == []
    assert written("srt", transcript()) == ""
    assert written("txt", transcript()) == ""
    assert json.loads(written("json", transcript()))["entries"] == []


def test_an_hour_of_two_speakers_reads_back_whole() -> None:
    whole = hour()
    said = " ".join(each.text for each in whole.lines)
    read = read_vtt(written("vtt", whole))
    assert " ".join(" ".join(cue.lines) for cue in read) == said
    assert {cue.speaker for cue in read} == {"Ada", "Ben"}
    assert all(one.end < two.start for one, two in pairwise(read))
    assert read[-1].end <= 3_600_000
    srt = read_srt(written("srt", whole))
    labels = sum(" ".join(cue.lines).startswith(("Ada: ", "Ben: ")) for cue in srt)
    assert labels == 600


def test_the_webvtt_header_says_what_zero_is() -> None:
    header = written("vtt", transcript(line("Good."))).splitlines()[0]
    assert header == "WEBVTT Room main, from 2026-11-24T12:00:00.000Z"


def test_a_speaker_without_visible_name_has_no_voice_tag() -> None:
    text = written("vtt", transcript(line("Good.", speaker="\x00 ")))
    assert text.splitlines()[3] == "Good."


def test_the_options_reach_the_plain_text() -> None:
    timeline = Timeline.of(transcript(line("Good.")))
    text = EXPORTS["txt"].write(timeline, TextOptions(TextTimes.ELAPSED))
    assert text == "[00:00:00] Good.\n"


def test_each_format_is_served_as_what_it_is() -> None:
    assert {name: export.content_type for name, export in EXPORTS.items()} == {
        "vtt": "text/vtt; charset=utf-8",
        "srt": "application/x-subrip; charset=utf-8",
        "txt": "text/plain; charset=utf-8",
        "json": "application/json",
    }
    assert all(export.extension == name for name, export in EXPORTS.items())
