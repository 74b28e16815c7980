from __future__ import annotations

import numpy as np
import pytest

from livecaption.bench.trend import trend


def test_a_straight_line_is_found_exactly() -> None:
    found = trend([(float(t), 100 + t / 3600) for t in range(600)])
    assert found is not None
    assert found.per_hour == pytest.approx(1.0)
    assert (found.first, found.last) == pytest.approx((100.0, 100 + 599 / 3600))
    assert found.grows


def test_noise_without_a_slope_does_not_grow_and_its_interval_holds_zero() -> None:
    noise = np.random.default_rng(3).normal(0, 5, 1200)
    found = trend([(float(t), 200 + n) for t, n in enumerate(noise)])
    assert found is not None
    assert found.low < 0 < found.high
    assert not found.grows


def test_a_growth_larger_than_the_noise_is_seen() -> None:
    noise = np.random.default_rng(3).normal(0, 1, 1200)
    found = trend([(float(t), 200 + 60 * t / 3600 + n) for t, n in enumerate(noise)])
    assert found is not None
    assert found.grows
    assert found.low < 60 < found.high


def test_a_few_samples_say_nothing() -> None:
    assert trend([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]) is None
