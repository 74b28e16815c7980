"""The newest rows as plain text: roll-up, hold, and rows that never change once they are full."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.lines import columns
from livecaption.core.live_rows import LiveRows


def rows(count: int = 2, width: int = 20, hold: float = 5.0) -> LiveRows:
    return LiveRows(rows=count, columns=width, hold_s=hold)


def test_words_fill_the_row_and_then_the_next_one() -> None:
    live = rows()
    live.begin("s_1", 1, None)
    live.append("s_1", 1, "Good morning", 0.0)
    assert live.at(0.0) == "Good morning\n"
    live.append("s_1", 1, " everyone in the room", 0.5)
    assert live.at(0.5) == "Good morning\neveryone in the room\n"
    live.append("s_1", 1, " today.", 1.0)
    assert live.at(1.0) == "everyone in the room\ntoday.\n"


def test_each_utterance_begins_a_row_with_its_speaker() -> None:
    live = rows()
    live.begin("s_1", 1, "Ada")
    live.append("s_1", 1, "Ready?", 0.0)
    live.close("s_1", 1, "Ready?", 0.1)
    live.begin("s_2", 1, "Ben")
    live.append("s_2", 1, "Yes.", 1.0)
    assert live.at(1.0) == "Ada: Ready?\nBen: Yes.\n"


def test_the_text_goes_after_the_hold_and_does_not_come_back() -> None:
    live = rows()
    live.begin("s_1", 1, None)
    live.append("s_1", 1, "Old words.", 0.0)
    live.close("s_1", 1, "Old words.", 0.5)
    assert live.quiet_at == 5.0
    assert live.at(4.9) == "Old words.\n"
    assert live.at(5.0) == ""
    live.begin("s_1", 2, None)
    live.append("s_1", 2, "New.", 60.0)
    assert live.at(60.0) == "New.\n"
    assert live.quiet_at == 65.0


def test_words_that_come_after_a_long_wait_come_without_those_before() -> None:
    live = rows()
    live.begin("s_1", 1, None)
    live.append("s_1", 1, "Before.", 0.0)
    live.append("s_1", 1, " After.", 9.0)
    assert live.at(9.0) == "After.\n"
    live.close("s_1", 1, "Before. After.", 9.5)
    assert live.at(9.5) == "After.\n"


def test_a_hold_of_0_keeps_the_last_text_for_ever() -> None:
    live = rows(hold=0.0)
    live.begin("s_1", 1, None)
    live.append("s_1", 1, "Here to stay.", 0.0)
    assert live.quiet_at is None
    assert live.at(1e9) == "Here to stay.\n"


def test_a_final_adds_what_was_missed_and_never_takes_anything_back() -> None:
    live = rows()
    live.begin("s_1", 1, None)
    live.append("s_1", 1, "Good", 0.0)
    live.close("s_1", 1, "Good day.", 1.0)
    assert live.at(1.0) == "Good day.\n"
    live.close("s_1", 1, "Something else", 1.5)
    live.append("s_1", 1, " and more", 2.0)
    assert live.at(2.0) == "Good day.\n"


def test_what_began_before_we_looked_is_not_shown() -> None:
    live = rows()
    live.append("s_1", 1, "Unheard", 0.0)
    live.close("s_1", 1, "Unheard of.", 1.0)
    assert live.at(1.0) == ""
    assert live.quiet_at is None


def test_utterances_of_a_session_stand_in_the_order_of_their_numbers() -> None:
    live = rows(count=3)
    live.begin("s_1", 2, None)
    live.append("s_1", 2, "Second.", 0.0)
    live.begin("s_2", 1, None)
    live.append("s_2", 1, "Other.", 0.1)
    live.begin("s_1", 1, None)
    live.append("s_1", 1, "First.", 0.2)
    assert live.at(0.2) == "First.\nSecond.\nOther.\n"


def test_no_more_lines_are_kept_than_anybody_shows() -> None:
    live = rows(count=10)
    for number in range(1, 50):
        live.begin("s_1", number, None)
        live.append("s_1", number, f"{number}.", 0.0)
    assert live.at(0.0) == "".join(f"{number}.\n" for number in range(40, 50))
    live.append("s_1", 1, " late", 0.1)
    assert "late" not in live.at(0.1)


def test_a_line_without_words_is_no_row() -> None:
    live = rows()
    live.begin("s_1", 1, "Ada")
    live.append("s_1", 1, "", 0.0)
    live.append("s_1", 1, "\n \x00", 0.0)
    assert live.at(0.0) == ""


@given(st.lists(st.text(min_size=1, max_size=30), max_size=20), st.integers(1, 10))
def test_never_more_or_wider_rows_than_asked_for(texts: list[str], count: int) -> None:
    live = rows(count=count)
    for number, text in enumerate(texts):
        live.begin("s_1", number, "Ada <b>")
        live.append("s_1", number, text, 0.0)
    shown = live.at(0.0)
    assert shown == "" or shown.endswith("\n")
    lines = shown.split("\n")[:-1]
    assert len(lines) <= count
    assert all(line and columns(line) <= 20 for line in lines)
