"""Rates as people write them."""

from __future__ import annotations

import pytest

from livecaption.access.rates import Rate, parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("30/minute", Rate(30, 60)),
        ("1 per second", Rate(1, 1)),
        ("  100 / HOUR ", Rate(100, 3600)),
        ("5/day", Rate(5, 86_400)),
        ("off", None),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0/minute", "-1/minute", "30", "30/week", "many/minute"])
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="30/minute"):
        parse_rate(text)
