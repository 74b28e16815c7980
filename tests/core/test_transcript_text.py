"""Transcripts as plain text for people."""

from __future__ import annotations

import pytest
from hypothesis import given

from livecaption.core.timeline import Timeline
from livecaption.core.transcript import Transcript, TranscriptGap, TranscriptLine
from livecaption.core.transcript_text import TextOptions, TextTimes, gap_words, transcript_text
from tests.core.transcripts import gap, line, transcript, transcripts


def written(
    *entries: TranscriptLine | TranscriptGap, times: str = "none", utc_offset: int = 0
) -> str:
    options = TextOptions(TextTimes(times), utc_offset)
    return transcript_text(Timeline.of(transcript(*entries)), options)


def test_utterances_of_one_speaker_flow_into_a_paragraph() -> None:
    text = written(
        line("Good morning.", 0.0, speaker="Ada", utterance=1),
        line("Shall we begin?", 1.5, speaker="Ada", utterance=2),
        line("Yes.", 4.0, speaker="Ben", session="s_2"),
        line("Good.", 5.0, speaker="Ada", utterance=3),
    )
    assert text == "Ada: Good morning. Shall we begin?\n\nBen: Yes.\n\nAda: Good.\n"


def test_a_long_silence_begins_a_new_paragraph_without_the_name_again() -> None:
    text = written(
        line("One.", 0.0, speaker="Ada", utterance=1),
        line("Two.", 20.0, speaker="Ada", utterance=2),
    )
    assert text == "Ada: One.\n\nTwo.\n"


def test_a_long_paragraph_ends_with_a_sentence() -> None:
    entries = [line(f"sentence number {n}.", 1.0 * n, utterance=n) for n in range(60)]
    paragraphs = written(*entries).strip().split("\n\n")
    assert len(paragraphs) == 2
    assert all(600 <= len(paragraph) < 630 for paragraph in paragraphs[:-1])
    unfinished = [line(f"and number {n}", 1.0 * n, utterance=n) for n in range(60)]
    assert "\n\n" not in written(*unfinished)


def test_people_without_names_get_paragraphs_of_their_own() -> None:
    assert written(line("One.", 0.0), line("Two.", 1.0, session="s_2")) == "One.\n\nTwo.\n"


def test_gaps_are_told_in_words_and_gaps_in_a_row_as_one() -> None:
    text = written(
        line("One.", 0.0),
        gap(1.0, 3.0),
        gap(3.0, 5.2),
        gap(5.2, 5.2, "not_resumed"),
        line("Two.", 6.0, utterance=2),
    )
    assert text == (
        "One.\n\n"
        "[4.2 s were not captioned: the server could not keep up.]\n\n"
        "[Some words may be missing here: the connection was lost.]\n\n"
        "Two.\n"
    )


@pytest.mark.parametrize(
    ("seconds", "reason", "words"),
    [
        (0.0, "client", "Some words may be missing here: the sound did not arrive in time."),
        (9.96, "engine_error", "10.0 s were not captioned: the speech model failed."),
        (75.4, "a_later_reason", "75 s were not captioned."),
    ],
)
def test_a_gap_is_a_sentence(seconds: float, reason: str, words: str) -> None:
    assert gap_words(seconds, reason) == words


def test_paragraphs_tell_the_time_that_was_asked_for() -> None:
    entries = (line("One.", 0.5), line("Two.", 3725.0, utterance=2))
    assert written(*entries, times="elapsed") == "[00:00:00] One.\n\n[01:02:05] Two.\n"
    assert written(*entries, times="clock") == (
        "2026-11-24 (UTC)\n\n[12:00:00] One.\n\n[13:02:05] Two.\n"
    )


def test_clock_times_follow_the_readers_zone_and_name_each_new_day() -> None:
    entries = (line("One.", 0.0), line("Two.", 3600.0, utterance=2), gap(3700.0, 3701.0))
    assert written(*entries, times="clock", utc_offset=690) == (
        "2026-11-24 (UTC+11:30)\n\n[23:30:00] One.\n\n"
        "2026-11-25 (UTC+11:30)\n\n[00:30:00] Two.\n\n"
        "[00:31:40] [1.0 s were not captioned: the server could not keep up.]\n"
    )


def test_utterances_are_joined_as_their_script_is_written() -> None:
    assert written(line("はい。"), line("そうです。", 1.0, utterance=2)) == "はい。そうです。\n"


def test_nothing_said_is_an_empty_text() -> None:
    assert written() == ""
    assert written(line(" \n ")) == ""


@given(transcripts())
def test_every_word_is_in_the_text_and_every_paragraph_on_a_line_of_its_own(
    whole: Transcript,
) -> None:
    text = transcript_text(Timeline.of(whole))
    for block in text.split("\n\n"):
        assert len(block.strip("\n").splitlines()) <= 1
    shown = "".join(text.split())
    for each in whole.lines:
        for token in each.text.split():
            assert "".join(c for c in token if c.isprintable()) in "".join(
                c for c in shown if c.isprintable()
            )
