"""Histograms of plain integers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.tally import DELAY_BOUNDS, DURATION_BOUNDS, Tally


def tally_of(bounds: tuple[float, ...], values: list[float]) -> Tally:
    tally = Tally(bounds)
    for value in values:
        tally.observe(value)
    return tally


numbers = st.lists(st.floats(min_value=0, max_value=100, allow_nan=False), max_size=30)


def test_a_value_belongs_to_the_first_bound_that_is_not_smaller() -> None:
    tally = tally_of((1.0, 2.0), [0.5, 1.0, 1.1, 2.0, 2.1])
    assert tally.cumulative == (2, 4, 5)
    assert tally.count == 5
    assert tally.total == pytest.approx(6.7)
    assert tally.mean == pytest.approx(1.34)


def test_nothing_counted_has_no_mean() -> None:
    tally = Tally((1.0,))
    assert (tally.count, tally.cumulative, tally.mean) == (0, (0, 0), None)


@given(numbers, numbers)
def test_adding_is_counting_both(one: list[float], other: list[float]) -> None:
    tally = tally_of(DELAY_BOUNDS, one)
    tally.add(tally_of(DELAY_BOUNDS, other))
    both = tally_of(DELAY_BOUNDS, [*one, *other])
    assert tally.cumulative == both.cumulative
    assert tally.total == pytest.approx(both.total)


def test_only_equal_bounds_can_be_added() -> None:
    with pytest.raises(ValueError, match="different bounds"):
        Tally(DELAY_BOUNDS).add(Tally(DURATION_BOUNDS))


@pytest.mark.parametrize("bounds", [(), (2.0, 1.0), (1.0, 1.0)])
def test_bounds_must_ascend(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Tally(bounds)
