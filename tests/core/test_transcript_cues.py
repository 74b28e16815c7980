"""Cues of a room: several speakers, one sequence."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

from hypothesis import given

from livecaption.core.cue_breaks import READING
from livecaption.core.cues import Cue
from livecaption.core.lines import columns
from livecaption.core.timeline import Timeline
from livecaption.core.transcript import Transcript
from livecaption.core.transcript_cues import labelled, transcript_cues
from tests.core.transcripts import NOON, line, transcript, transcripts


def cues(whole: Transcript) -> list[Cue]:
    return transcript_cues(Timeline.of(whole))


@given(transcripts())
def test_cues_of_one_named_speaker_never_overlap(whole: Transcript) -> None:
    result = cues(whole)
    named = sorted((cue for cue in result if cue.speaker), key=lambda cue: cue.speaker or "")
    for _, group in groupby(named, key=lambda cue: cue.speaker):
        assert all(one.end + READING.gap_ms <= two.start for one, two in pairwise(group))


@given(transcripts())
def test_the_cues_hold_every_letter_of_every_speaker(whole: Transcript) -> None:
    said: dict[str | None, int] = {}
    shown: dict[str | None, int] = {}
    for each in whole.lines:
        count = sum(1 for c in each.text if c.isprintable() and not c.isspace())
        said[each.speaker] = said.get(each.speaker, 0) + count
    for cue in cues(whole):
        count = sum(1 for text in cue.lines for c in text if c.isprintable() and c != " ")
        shown[cue.speaker] = shown.get(cue.speaker, 0) + count
    assert {k: v for k, v in shown.items() if v} == {k: v for k, v in said.items() if v}


@given(transcripts())
def test_names_in_the_text_break_no_limit(whole: Transcript) -> None:
    plain = cues(whole)
    result = labelled(plain)
    assert [cue.start for cue in result] == sorted(cue.start for cue in result)
    for cue in result:
        assert 1 <= len(cue.lines) <= 2
        assert all(columns(text) <= READING.columns for text in cue.lines)
        assert READING.least_ms <= cue.end - cue.start <= READING.most_ms
    assert sum(cue.letters for cue in result) >= sum(cue.letters for cue in plain)


def test_people_who_talk_at_the_same_time_are_both_shown() -> None:
    result = cues(
        transcript(
            line("I was going to say that.", 1.0, speaker="Ada", session="s_1"),
            line("Yes, of course you were.", 1.5, speaker="Ben", session="s_2"),
        )
    )
    assert [(cue.speaker, cue.start) for cue in result] == [("Ada", 1000), ("Ben", 1500)]
    assert result[0].end > result[1].start


def test_a_speaker_who_came_back_in_a_new_session_is_one_voice() -> None:
    result = cues(
        transcript(
            line("Can you hear me", 0.0, speaker="Ada", session="s_1", each=0.2),
            line("now?", 0.2, speaker="Ada", session="s_2", started_at=NOON + 0.8),
        )
    )
    assert [cue.lines for cue in result] == [("Can you hear me now?",)]


def test_two_people_without_names_are_kept_apart_by_session() -> None:
    result = cues(transcript(line("One.", session="s_1"), line("Two.", session="s_2")))
    assert [(cue.lines, cue.start) for cue in result] == [(("One.",), 0), (("Two.",), 0)]


def test_a_name_stands_where_the_speaker_changes_and_nowhere_else() -> None:
    result = labelled(
        cues(
            transcript(
                line("Good morning.", 0.0, speaker="Ada", utterance=1),
                line("Shall we begin?", 5.0, speaker="Ada", utterance=2),
                line("Yes.", 10.0, speaker="Ben", session="s_2"),
                line("Who is there?", 15.0, session="s_3"),
                line("Good.", 20.0, speaker="Ada", utterance=3),
            )
        )
    )
    assert [cue.lines for cue in result] == [
        ("Ada: Good morning.",),
        ("Shall we begin?",),
        ("Ben: Yes.",),
        ("- Who is there?",),
        ("Ada: Good.",),
    ]


def test_without_names_there_are_no_labels() -> None:
    whole = transcript(line("One."), line("Two.", 9.0, utterance=2))
    assert labelled(cues(whole)) == cues(whole)


FULL = Cue(
    1000,
    7000,
    ("We will start the meeting at nine and the", "next one will start at half past eleven."),
)


def test_a_full_cue_is_divided_to_make_room_for_the_name() -> None:
    first, second = labelled([replace(FULL, speaker="Ada")])
    assert first.lines == ("Ada:", "We will start the meeting at nine and the")
    assert second.lines == ("next one will start at half past eleven.",)
    assert (first.start, second.end) == (1000, 7000)
    assert first.end + READING.gap_ms == second.start


def test_a_name_before_chinese_adds_no_space_inside_it() -> None:
    result = labelled(cues(transcript(line("今天我们来谈谈实时字幕的工作原理。", speaker="Ada"))))
    assert "".join(result[0].lines).replace("Ada: ", "") == "今天我们来谈谈实时字幕的工作原理。"


def test_a_full_cue_without_time_for_two_keeps_its_text_and_goes_without_the_name() -> None:
    short = Cue(1000, 3000, FULL.lines, "Ada")
    assert labelled([short]) == [short]


def test_a_name_too_long_for_a_line_is_cut_off() -> None:
    (cue,) = labelled([Cue(0, 3000, ("Good morning everyone in the room.",), "Bartholomew " * 5)])
    assert cue.lines == ("Bartholomew Bartholomew Bartholo…:", "Good morning everyone in the room.")
