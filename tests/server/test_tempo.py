from __future__ import annotations

from livecaption.core.audio import SAMPLE_RATE
from livecaption.server.tempo import Tempo


def test_a_buffered_minute_may_come_at_once_and_not_much_more() -> None:
    tempo = Tempo(1.5)
    assert tempo.allows(60 * SAMPLE_RATE, 0.0)
    assert not tempo.allows(SAMPLE_RATE, 0.1)


def test_speaking_speed_goes_on_for_ever() -> None:
    tempo = Tempo(1.5, credit_s=1.0)
    assert all(tempo.allows(1600, tick / 10) for tick in range(10_000))


def test_twice_speaking_speed_is_stopped_when_the_credit_is_used_up() -> None:
    tempo = Tempo(1.5, credit_s=5.0)
    allowed = [tempo.allows(3200, tick / 10) for tick in range(300)]
    assert allowed[:90] == [True] * 90
    assert not allowed[-1]


def test_credit_does_not_grow_beyond_its_size() -> None:
    tempo = Tempo(1.0, credit_s=2.0)
    assert tempo.allows(1, 0.0)
    assert not tempo.allows(3 * SAMPLE_RATE, 3600.0)
