from __future__ import annotations

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.scoring import align_words, word_error_rate

sentences = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=9)


def test_a_substitution_a_loss_and_an_addition() -> None:
    said = ["the", "new", "server"]
    assert align_words(said, ["the", "few", "server"]) == [(0, 0), (1, 1), (2, 2)]
    assert align_words(said, ["the", "server"]) == [(0, 0), (1, None), (2, 1)]
    assert align_words(["the", "server"], said) == [(0, 0), (None, 1), (1, 2)]


def test_matches_are_preferred_to_substitutions() -> None:
    assert align_words(["a", "b"], ["b", "c"]) == [(0, None), (1, 0), (None, 1)]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "rate"),
    [
        ("Good morning, everyone.", "good morning everyone", 0.0),
        ("good morning", "good evening", 0.5),
        ("good morning", "", 1.0),
        ("good", "good morning to you", 3.0),
        ("", "", 0.0),
        ("", "boo", 1.0),
    ],
)
def test_the_error_rate_counts_edits_per_word_said(
    reference: str, hypothesis: str, rate: float
) -> None:
    assert word_error_rate(reference.split(), hypothesis.split()) == rate


@given(sentences, sentences)
def test_alignments_are_complete_in_order_and_use_the_fewest_edits(
    reference: list[str], hypothesis: list[str]
) -> None:
    pairs = align_words(reference, hypothesis)
    assert [i for i, _ in pairs if i is not None] == list(range(len(reference)))
    assert [j for _, j in pairs if j is not None] == list(range(len(hypothesis)))
    if reference:
        expected = jiwer.wer(" ".join(reference), " ".join(hypothesis))
        assert word_error_rate(reference, hypothesis) == pytest.approx(expected)


@given(sentences, sentences)
def test_of_equally_cheap_alignments_none_has_more_matches(
    reference: list[str], hypothesis: list[str]
) -> None:
    matches = sum(
        i is not None and j is not None and reference[i] == hypothesis[j]
        for i, j in align_words(reference, hypothesis)
    )
    assert matches == _cheapest(reference, hypothesis)[1]


def _cheapest(reference: list[str], hypothesis: list[str]) -> tuple[int, int]:
    """Least number of edits, and the most matches that they allow."""
    row = [(j, 0) for j in range(len(hypothesis) + 1)]
    for i, word in enumerate(reference, start=1):
        before, row = row, [(i, 0)]
        for j, other in enumerate(hypothesis, start=1):
            same = word == other
            ways = [
                (before[j - 1][0] + (not same), before[j - 1][1] + same),
                (before[j][0] + 1, before[j][1]),
                (row[j - 1][0] + 1, row[j - 1][1]),
            ]
            row.append(min(ways, key=lambda way: (way[0], -way[1])))
    return row[-1]
