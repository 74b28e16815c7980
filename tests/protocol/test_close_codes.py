from __future__ import annotations

import pytest

from livecaption.protocol.close_codes import CloseCode, may_reconnect

MAX_CLOSE_REASON_BYTES = 123
"""RFC 6455, 5.5: a control frame holds 125 bytes, of which the code takes two."""


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 4000, 4008, 4009, 4029, 4499])
def test_a_client_comes_back_after(code: int) -> None:
    assert may_reconnect(code)


@pytest.mark.parametrize(
    "code", [1000, 1002, 1005, 1007, 1009, 3999, 4500, 4501, 4503, 4504, 4507, 4999, 5000, 0]
)
def test_a_client_stays_away_after(code: int) -> None:
    assert not may_reconnect(code)


@pytest.mark.parametrize("code", CloseCode)
def test_every_meaning_fits_into_a_close_frame(code: CloseCode) -> None:
    assert code.meaning.endswith(".")
    assert len(code.meaning.encode()) <= MAX_CLOSE_REASON_BYTES


def test_no_two_codes_mean_the_same() -> None:
    assert len({code.meaning for code in CloseCode}) == len(CloseCode)
    assert CloseCode(4008) is CloseCode.IDLE_OR_SLOW
