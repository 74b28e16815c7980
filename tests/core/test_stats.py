from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.stats import FlickerMeter, SessionStats, percentile

numbers = st.floats(-1e6, 1e6)


def test_there_is_no_percentile_of_nothing() -> None:
    assert math.isnan(percentile([], 50))


@given(st.lists(numbers, min_size=1, max_size=30), st.floats(0, 100))
def test_percentiles_are_interpolated_between_ranks(values: list[float], percent: float) -> None:
    expected = float(np.percentile(values, percent))
    assert percentile(values, percent) == pytest.approx(expected, abs=1e-6)


def test_a_tail_that_only_grows_does_not_flicker() -> None:
    meter = FlickerMeter()
    meter.show([], ["a"])
    meter.show([], ["a", "b"])
    meter.show(["a"], ["b", "c"])
    meter.show(["b", "c"], [])
    assert (meter.shown, meter.changed) == (3, 0)


def test_a_word_that_is_replaced_or_withdrawn_flickers() -> None:
    meter = FlickerMeter()
    meter.show([], ["a", "b", "c"])
    meter.show(["a"], ["x"])
    assert (meter.shown, meter.changed) == (4, 2)
    meter.show(["y"], [])
    assert (meter.shown, meter.changed) == (4, 3)  # y was never tentative
    meter.show([], ["z"])
    meter.show([], [])
    assert (meter.shown, meter.changed) == (5, 4)


def test_a_session_starts_with_nothing_counted() -> None:
    stats = SessionStats()
    assert (stats.requests, stats.words, stats.failures) == (0, 0, 0)
    assert not stats.rejections
