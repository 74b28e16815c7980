from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.hypothesis import Word, normalise, text_of


def test_a_word_can_be_moved_in_time() -> None:
    assert Word(" a", 10, 20, 0.9).shifted(100) == Word(" a", 110, 120, 0.9)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        (" Morning,", "morning"),
        ("don’t", "dont"),
        ("ﬁne", "FINE"),
        ("Straße", "STRASSE"),
        ("e\u0301", "\u00e9"),
        ("字幕。", "字幕"),
        ("well-known", "wellknown"),
    ],
)
def test_case_punctuation_and_encoding_do_not_count(text: str, same_as: str) -> None:
    assert normalise(text) == normalise(same_as)


@pytest.mark.parametrize(("a", "b"), [("to", "two"), ("café", "cafe"), ("4", "5"), ("か", "が")])
def test_letters_accents_and_digits_count(a: str, b: str) -> None:
    assert normalise(a) != normalise(b)


def test_punctuation_alone_reduces_to_nothing() -> None:
    assert normalise(" …!") == ""


@given(st.text(), st.text(" .,;:!?…\n\t-", max_size=5))
def test_what_surrounds_a_word_does_not_count(text: str, around: str) -> None:
    assert normalise(around + text + around) == normalise(text)


def test_text_is_joined_as_the_decoder_wrote_it() -> None:
    words = [Word(" Good", 0, 1, 1.0), Word(" morning", 1, 2, 1.0), Word(".", 2, 2, 1.0)]
    assert text_of(words) == text_of(tuple(words)) == " Good morning."
    assert text_of([]) == ""
