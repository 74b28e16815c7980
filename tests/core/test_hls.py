"""Playlist and segments of a live caption track, as RFC 8216 wants them."""

from __future__ import annotations

import html
import re

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.cues import Cue
from livecaption.core.hls import (
    KEEP_MS,
    SEGMENT_MS,
    newest_segment,
    oldest_segment,
    playlist_text,
    segment_text,
)

NOON = 1_795_521_600_000


@given(st.integers(NOON, NOON + 10**7))
def test_a_segment_is_listed_once_ten_seconds_have_gone_since_its_end(now: int) -> None:
    end = (newest_segment(now) + 1) * SEGMENT_MS
    assert end + 10_000 <= now < end + 10_000 + SEGMENT_MS


def test_the_playlist_is_a_sliding_window_without_an_end() -> None:
    lines = playlist_text(1000).splitlines()
    assert lines[:5] == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:901",
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T01:30:06.000Z",
    ]
    segments = [line for line in lines if not line.startswith("#")]
    assert segments == [f"captions/{number}.vtt" for number in range(901, 1001)]
    assert lines.count("#EXTINF:6.000,") == 100
    assert not any("ENDLIST" in line or "PLAYLIST-TYPE" in line for line in lines)


def test_a_later_playlist_only_drops_segments_in_front_and_adds_them_behind() -> None:
    def numbers(newest: int) -> list[int]:
        return [int(n) for n in re.findall(r"captions/(\d+)\.vtt", playlist_text(newest))]

    assert numbers(1003)[:-3] == numbers(1000)[3:]


def test_a_segment_that_left_the_playlist_can_still_be_had_for_a_while() -> None:
    newest = 1000
    first_listed = newest - 99
    assert oldest_segment(newest) < first_listed - 10
    assert oldest_segment(newest) * SEGMENT_MS >= (newest + 1) * SEGMENT_MS - KEEP_MS


def test_the_query_goes_with_every_segment() -> None:
    segments = re.findall(r"captions/.*", playlist_text(1000, "zero=x&mpegts=5"))
    assert all(segment.endswith(".vtt?zero=x&mpegts=5") for segment in segments)


def test_a_segment_maps_its_times_to_the_videos_clock() -> None:
    cues = [Cue(NOON + 1500, NOON + 4000, ("Good <morning>.",), "Ada")]
    text = segment_text(cues, zero_ms=NOON, mpegts=126_000)
    assert text == (
        "WEBVTT\n"
        "X-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000\n"
        "\n"
        "00:00:01.500 --> 00:00:04.000\n"
        "<v Ada>Good &lt;morning&gt;.</v>\n"
    )
    read = webvtt.from_string(text)
    assert read.metadata == ["X-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000"]
    assert [html.unescape(caption.text) for caption in read.captions] == ["Good <morning>."]


def test_a_segment_without_captions_is_valid_too() -> None:
    text = segment_text([], zero_ms=0, mpegts=0)
    assert text == "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"
    assert webvtt.from_string(text).captions == []


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [
        (-3000, -1, []),
        (-3000, 0, []),
        (-500, 1500, ["00:00:00.000 --> 00:00:01.500"]),
        (90_000_000, 90_001_000, ["25:00:00.000 --> 25:00:01.000"]),
    ],
)
def test_times_before_the_videos_zero_are_left_out(start: int, end: int, times: list[str]) -> None:
    text = segment_text([Cue(NOON + start, NOON + end, ("Word.",))], zero_ms=NOON, mpegts=0)
    assert re.findall(r".* --> .*", text) == times
