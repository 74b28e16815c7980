from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.agreement import Agreement, LocalAgreement, Settled
from livecaption.core.hypothesis import Word, normalise, text_of

WORD = 100


def words(text: str, first: int = 0) -> tuple[Word, ...]:
    """Words of 100 samples each, the first one being number ``first``."""
    return tuple(
        Word(f" {token}", WORD * number, WORD * (number + 1), 0.9)
        for number, token in enumerate(text.split(), start=first)
    )


def texts(some: Sequence[Word]) -> str:
    return text_of(list(some)).strip()


def test_what_two_hypotheses_in_a_row_share_is_committed_except_the_last_word() -> None:
    agreement = LocalAgreement(hold_back=1)
    assert agreement.push(words("the new pro"), 300) == ()
    assert texts(agreement.push(words("the new project"), 300)) == "the new"
    assert texts(agreement.tentative) == "project"


def test_the_last_words_are_held_back_even_when_they_agree() -> None:
    agreement = LocalAgreement(hold_back=2)
    agreement.push(words("we can hear you"), 400)
    assert texts(agreement.push(words("we can hear you"), 400)) == "we can"
    assert texts(agreement.tentative) == "hear you"


def test_a_word_that_ends_well_before_the_window_does_is_not_held_back() -> None:
    agreement = LocalAgreement(hold_back=1, within=50)
    agreement.push(words("we can hear you"), 430)
    assert texts(agreement.push(words("we can hear you"), 449)) == "we can hear"
    assert texts(agreement.push(words("you", 3), 450)) == "you"


def test_of_two_words_held_back_the_one_that_was_heard_to_its_end_is_let_go() -> None:
    agreement = LocalAgreement(hold_back=2, within=50)
    agreement.push(words("we can hear you"), 400)
    assert texts(agreement.push(words("we can hear you"), 410)) == "we can hear"


def test_a_hypothesis_shorter_than_what_is_held_back_commits_nothing() -> None:
    agreement = LocalAgreement(hold_back=2)
    agreement.push(words("we"), 100)
    assert agreement.push(words("we"), 100) == ()


def test_case_and_punctuation_are_no_disagreement_and_the_newer_form_is_committed() -> None:
    agreement = LocalAgreement(hold_back=1)
    agreement.push(words("good morning every"), 300)
    assert texts(agreement.push(words("Good morning, everyone"), 300)) == "Good morning,"


def test_words_after_the_first_difference_stay_tentative() -> None:
    agreement = LocalAgreement(hold_back=0)
    agreement.push(words("I scream for ice"), 400)
    assert texts(agreement.push(words("ice cream for ice"), 400)) == ""
    assert texts(agreement.tentative) == "ice cream for ice"


def test_words_that_end_well_before_the_window_does_have_settled() -> None:
    agreement = Settled(margin=250)
    assert texts(agreement.push(words("a b c d e"), 500)) == "a b"
    assert texts(agreement.tentative) == "c d e"


@pytest.mark.parametrize("agreement", [LocalAgreement(hold_back=1), Settled(margin=10_000)])
def test_force_commits_the_tentative_words_that_end_in_time(agreement: Agreement) -> None:
    agreement.push(words("a b c d"), 400)
    assert texts(agreement.take_before(299)) == "a b"
    assert texts(agreement.tentative) == "c d"
    assert agreement.take_before(299) == ()


vocabulary = st.sampled_from(["a", "A,", "b", "b.", "c"])


@given(
    hypotheses=st.lists(st.lists(vocabulary, max_size=8), max_size=8),
    hold_back=st.integers(0, 3),
    forced=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_committed_words_never_change_and_are_followed_by_the_newest_tail(
    hypotheses: list[list[str]], hold_back: int, forced: list[bool]
) -> None:
    agreement = LocalAgreement(hold_back=hold_back)
    committed: list[Word] = []
    for hypothesis, force in zip(hypotheses, forced, strict=False):
        before, tail = list(committed), agreement.tentative
        pushed = words(" ".join(hypothesis), first=len(committed))
        fresh = agreement.push(pushed, 0)
        assert [normalise(w.text) for w in fresh] == [normalise(w.text) for w in tail[: len(fresh)]]
        assert len(agreement.tentative) >= min(hold_back, len(pushed))
        committed += fresh
        assert [*before, *pushed] == [*committed, *agreement.tentative]
        if force:
            committed += agreement.take_before(WORD * (len(committed) + 1))
            assert [*before, *pushed] == [*committed, *agreement.tentative]


@given(
    lengths=st.lists(st.integers(0, 300), max_size=10),
    margin=st.integers(0, 1000),
    window_stop=st.integers(0, 3000),
)
def test_nothing_near_the_end_of_the_window_settles(
    lengths: list[int], margin: int, window_stop: int
) -> None:
    stops = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    pushed = [Word(" w", stop, stop, 0.9) for stop in stops]
    agreement = Settled(margin=margin)
    committed = agreement.push(pushed, window_stop)
    assert [*committed, *agreement.tentative] == pushed
    assert all(word.stop <= window_stop - margin for word in committed)
    assert all(word.stop > window_stop - margin for word in agreement.tentative)
