"""Where a text may be divided, and how wide its parts are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.lines import (
    LINE_COLUMNS,
    Break,
    break_after,
    clean,
    columns,
    fill,
    glue,
    join,
    letters,
    pieces_of,
)

FAMILY = "👩‍👩‍👧"
words = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["a", "the", "word,", "字幕です。", "x" * 60, FAMILY, "안녕하세요", "สวัสดี", "שלום"]
)
texts = st.lists(words, max_size=40).map(" ".join)


@given(texts)
def test_pieces_put_together_are_the_text(text: str) -> None:
    cleaned = clean(text)
    assert join(pieces_of(cleaned)) == cleaned


@given(texts, st.integers(10, 60))
def test_filled_lines_hold_every_letter_and_nothing_too_wide(text: str, limit: int) -> None:
    cleaned = clean(text)
    lines = fill(cleaned, limit)
    assert "".join(lines).replace(" ", "") == cleaned.replace(" ", "")
    assert all(line and columns(line) <= limit for line in lines)


@given(texts, texts)
def test_text_added_at_the_end_never_moves_a_full_line(text: str, more: str) -> None:
    before = fill(clean(text))
    after = fill(clean(f"{text} {more}"))
    assert after[: len(before[:-1])] == before[:-1]


@given(texts)
def test_a_clean_text_is_one_line_without_outer_spaces(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip() == clean(cleaned)
    assert len(cleaned.splitlines()) <= 1
    assert letters(cleaned) == len(cleaned.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("Good morning", 12),
        ("字幕", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("👩", 2),
        ("👍🏽", 2),
        ("안녕", 4),
        ("שלום", 4),
    ],
)
def test_columns_are_what_a_screen_shows(text: str, width: int) -> None:
    assert columns(text) == width


def pieces(text: str) -> list[str]:
    return [piece.text for piece in pieces_of(text)]


def test_wide_characters_may_be_divided_but_not_before_a_closing_mark() -> None:
    assert pieces("字幕です。") == ["字", "幕", "で", "す。"]
    assert pieces("「字」です") == ["「字」", "で", "す"]
    assert pieces("OBSで") == ["OBS", "で"]


def test_korean_words_joined_emoji_and_skin_tones_stay_whole() -> None:
    assert pieces("안녕하세요 여러분") == ["안녕하세요", "여러분"]
    assert pieces(FAMILY) == [FAMILY]
    assert pieces("👍🏽👍") == ["👍🏽", "👍"]


def test_a_word_wider_than_a_line_is_divided_where_the_line_is_full() -> None:
    assert [piece.columns for piece in pieces_of("x" * 100)] == [LINE_COLUMNS, LINE_COLUMNS, 16]
    assert pieces("안" * 22) == ["안" * 21, "안"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("morning.", Break.SENTENCE),
        ('"Stop!"', Break.SENTENCE),
        ("です。", Break.SENTENCE),
        ("هل؟", Break.SENTENCE),
        ("first,", Break.CLAUSE),
        ("نعم،", Break.CLAUSE),
        ("word", Break.WORD),
        ('"', Break.WORD),
        ("", Break.WORD),
    ],
)
def test_punctuation_says_what_kind_of_break_follows(text: str, kind: Break) -> None:
    assert break_after(text) is kind


@pytest.mark.parametrize(
    ("before", "after", "between"),
    [
        ("One.", "Two.", " "),
        ("字幕。", "です", ""),
        ("안녕.", "하세요", " "),
        ("สวัสดี", "ครับ", ""),
        ("字幕", "OBS", " "),
        ("", "Two.", ""),
        ("One.", "", ""),
    ],
)
def test_texts_are_joined_as_their_script_is_written(before: str, after: str, between: str) -> None:
    assert glue(before, after) == between
