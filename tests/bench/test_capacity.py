from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.bench.capacity import CapacityLimit, CapacitySearch, verdict
from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.excerpts import Excerpt
from livecaption.bench.load_run import LoadRun, RunFigures, run_together
from livecaption.bundled import ClipWord


def search(capacity: int, first: int, most: int = 4096) -> CapacitySearch:
    looking = CapacitySearch(first=first, most=most)
    while (count := looking.next_count()) is not None:
        assert len(looking.tried) < 40
        looking.learn(count, holds=count <= capacity)
    return looking


@pytest.mark.parametrize("first", [1, 4, 64])
@pytest.mark.parametrize("capacity", [0, 1, 2, 3, 7, 9])
def test_small_capacities_are_found_exactly(capacity: int, first: int) -> None:
    assert search(capacity, first=first).held == capacity


@given(st.integers(10, 4000), st.integers(1, 200))
def test_large_capacities_are_found_to_within_eight_percent_and_never_exceeded(
    capacity: int, first: int
) -> None:
    found = search(capacity, first=first).held
    assert capacity / 1.1 - 1 <= found <= capacity


def test_no_count_is_tried_twice_or_above_the_most() -> None:
    counts = [count for count, _ in search(10_000, first=3, most=100).tried]
    assert counts == [3, 6, 12, 24, 48, 96, 100]


def run_of(delay: float, *, lost: int = 0, problem: str | None = None) -> RunFigures:
    """A hundred words, one a second, each committed ``delay`` after its end."""
    words = tuple(
        ClipWord("word" + "abcdefghij"[i // 10] + "abcdefghij"[i % 10], float(i), i + 0.3)
        for i in range(100)
    )
    log = CaptionLog(problem=problem)
    for i, word in enumerate(words[lost:]):
        log.commit(i, [word.word], word.stop + delay)
    silence = np.zeros(16_000, dtype=np.int16)
    said = Excerpt("hand-made", silence, 0, 100 * 16_000, words)
    return run_together([LoadRun((said,), (log,), 0.0, 100.0, 0.0)], None)


def test_what_comes_in_time_and_loses_nothing_is_held() -> None:
    assert verdict(run_of(1.4), CapacityLimit()) is None


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (run_of(1.6), "95 % of words after 1.60 s"),
        (run_of(1.0, lost=5), "5.0% more of the words lost"),
        (run_of(1.0, problem="it broke"), "1 of 1 streams failed: it broke"),
        (run_of(1.0, lost=100), "no captions"),
    ],
)
def test_what_comes_late_or_loses_something_is_not(run: RunFigures, why: str) -> None:
    assert (verdict(run, CapacityLimit()) or "").startswith(why)


def test_words_the_model_loses_alone_are_not_the_loads_fault() -> None:
    assert verdict(run_of(1.0, lost=5), CapacityLimit(baseline_lost=0.04)) is None
