"""The yardsticks of the page tests are tested too."""

from __future__ import annotations

import pytest

from tests.e2e.contrast import contrast_ratio
from tests.e2e.words import error_rate_of_a_beginning, said_words


def test_words_have_neither_case_nor_punctuation() -> None:
    assert said_words("Let's go, GO!") == ["let's", "go", "go"]


@pytest.mark.parametrize(
    ("heard", "rate"),
    [("a b c", 0.0), ("a b c d e", 0.0), ("a x c", 1 / 3), ("a c d", 0.25), ("x y z", 1.0)],
)
def test_the_error_rate_counts_everything_but_the_end(heard: str, rate: float) -> None:
    assert error_rate_of_a_beginning(list("abcde"), heard.split()) == pytest.approx(rate)


def test_black_on_white_has_the_highest_contrast_there_is() -> None:
    assert contrast_ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast_ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
