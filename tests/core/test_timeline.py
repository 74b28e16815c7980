"""Several sessions on one time line."""

from __future__ import annotations

import pytest
from hypothesis import given

from livecaption.core.timeline import Timeline, iso_time, segment_of
from livecaption.core.transcript import Transcript
from tests.core.transcripts import NOON, gap, line, transcript, transcripts


def test_zero_is_the_first_sample_of_the_first_session() -> None:
    timeline = Timeline.of(
        transcript(
            line("Later.", 2.0, session="s_2", started_at=NOON + 60),
            line("Sooner.", 5.0, session="s_1", started_at=NOON),
        )
    )
    assert timeline.zero == NOON
    assert [(each.entry.session, each.start) for each in timeline.placed] == [
        ("s_1", 5.0),
        ("s_2", 62.0),
    ]


def test_sessions_that_overlap_are_woven_by_time_not_by_offset() -> None:
    timeline = Timeline.of(
        transcript(
            line("Second.", 11.0, session="s_1", offset=1),
            line("First.", 0.5, session="s_2", started_at=NOON + 10, offset=2),
        )
    )
    assert [said.text for said, _ in timeline.lines] == ["First.", "Second."]


def test_what_follows_an_offset_keeps_its_times() -> None:
    whole = Timeline.of(transcript(line("One.", 1.0, offset=1), line("Two.", 9.0, offset=2)))
    rest = whole.after(1)
    assert [(said.text, placed.start) for said, placed in rest.lines] == [("Two.", 9.0)]
    assert (rest.zero, rest.offset, whole.after(2).offset) == (NOON, 2, 0)


def test_nothing_said_is_an_empty_time_line() -> None:
    timeline = Timeline.of(transcript())
    assert (timeline.zero, timeline.placed, timeline.offset) == (0.0, (), 0)


@given(transcripts())
def test_nothing_is_before_zero_and_nothing_ends_before_it_starts(whole: Transcript) -> None:
    timeline = Timeline.of(whole)
    assert len(timeline.placed) == len(whole.entries)
    assert all(0 <= each.start <= each.end for each in timeline.placed)
    starts = [each.start for each in timeline.placed]
    assert starts == sorted(starts)


def test_a_line_as_timed_text_is_shifted_with_its_words() -> None:
    segment = segment_of(line("Good morning.", 1.0), 100.0)
    assert segment.start == 101.0
    assert segment.end == pytest.approx(101.6)
    assert [word.text for word in segment.words] == ["Good", " morning."]
    assert segment.words[1].start == pytest.approx(101.3)


def test_a_gap_that_ends_before_it_starts_is_empty() -> None:
    (placed,) = Timeline.of(transcript(gap(5.0, 4.0))).placed
    assert (placed.start, placed.end) == (5.0, 5.0)


@pytest.mark.parametrize(
    ("epoch_s", "written"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (NOON, "2026-11-24T12:00:00.000Z"),
        (NOON + 0.9996, "2026-11-24T12:00:01.000Z"),
        (NOON + 0.0123, "2026-11-24T12:00:00.012Z"),
    ],
)
def test_wall_clock_times_are_written_to_the_millisecond(epoch_s: float, written: str) -> None:
    assert iso_time(epoch_s) == written
