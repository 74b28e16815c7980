from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.egress.lines import columns, fill, line_of, pieces_of

texts = st.text(st.sampled_from("abcdefgh ,.     日本語。、é\u0301のß漢字ไทย\u200d"), max_size=200)
widths = st.integers(4, 40)


def lines(text: str, width: int) -> list[str]:
    return [line_of(line) for line in fill(pieces_of(text, width), width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, []),
        ("   ", 10, []),
        ("good morning everyone", 12, ["good morning", "everyone"]),
        ("good morning everyone", 11, ["good", "morning", "everyone"]),
        ("incomprehensibility now", 8, ["incompre", "hensibil", "ity now"]),
        ("今日は良い天気です。", 8, ["今日は良", "い天気で", "す。"]),
        ("今日は良い。天気", 10, ["今日は良", "い。天気"]),
        ("we say 今日は now", 10, ["we say 今", "日は now"]),
        ("e\u0301te\u0301 ete", 7, ["e\u0301te\u0301 ete"]),
    ],
)
def test_lines_are_as_full_as_they_can_be(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


@given(text=texts, width=widths)
def test_nothing_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    broken = lines(text, width)
    assert "".join("".join(broken).split()) == "".join(text.split())
    # A mark that may begin no line stays with the one before, however full that is.
    assert all(columns(line.rstrip("。、")) <= width for line in broken)
    assert all(line == line.strip() != "" for line in broken)


@given(text=texts, more=texts, width=widths)
def test_a_full_line_stays_as_it_is_whatever_follows(text: str, more: str, width: int) -> None:
    before = lines(text, width)
    after = lines(f"{text} {more}", width)
    assert after[: max(0, len(before) - 1)] == before[:-1]
