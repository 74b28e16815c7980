"""Counters by labels that cannot grow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.metrics.count import OTHER, Count


def test_known_series_are_there_before_anything_happened() -> None:
    count = Count(door=("in", "out"), reason=("full",))
    assert dict(count.items()) == {("in", "full"): 0.0, ("out", "full"): 0.0}


def test_many_series_appear_when_they_are_needed() -> None:
    count = Count(one=map(str, range(20)), other=map(str, range(20)))
    count.add("3", "4", by=2.5)
    assert dict(count.items()) == {("3", "4"): 2.5}


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=50))
def test_whatever_is_counted_the_labels_stay_ours(events: list[tuple[str, str]]) -> None:
    count = Count(door=("in",), reason=("full", "late"))
    for door, reason in events:
        count.add(door, reason)
    series = dict(count.items())
    assert sum(series.values()) == len(events)
    assert len(series) <= 2 * 3
    assert {door for door, _ in series} <= {"in", OTHER}
    assert {reason for _, reason in series} <= {"full", "late", OTHER}
