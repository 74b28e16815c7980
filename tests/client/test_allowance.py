from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.client.allowance import Allowance
from livecaption.server.tempo import Tempo

SECOND = 16_000


def test_a_burst_goes_at_once_and_the_rest_a_little_faster_than_speech() -> None:
    allowance = Allowance(speed=1.5, burst_s=10.0)
    assert allowance.samples(0.0) == 10 * SECOND
    allowance.spend(10 * SECOND)
    assert allowance.samples(0.0) == 0
    assert allowance.samples(2.0) == 3 * SECOND


def test_no_message_is_shorter_than_a_chunk_while_audio_is_held_back() -> None:
    allowance = Allowance(speed=1.0, burst_s=1.0)
    allowance.spend(allowance.samples(0.0))
    assert allowance.wait_s == pytest.approx(0.1)
    assert allowance.samples(0.09) == 0
    assert allowance.wait_s == pytest.approx(0.01)
    assert allowance.samples(0.11) == 1760


def test_time_away_never_adds_up_to_more_than_a_burst() -> None:
    allowance = Allowance(speed=1.3, burst_s=45.0)
    allowance.samples(0.0)
    assert allowance.samples(3600.0) == 45 * SECOND


def test_a_speed_below_speech_is_refused() -> None:
    with pytest.raises(ValueError, match="speed"):
        Allowance(speed=0.9)


@given(
    st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(0.0, 10.0)), min_size=1, max_size=60),
)
def test_what_is_sent_is_never_too_fast_for_the_server(steps: list[tuple[float, float]]) -> None:
    """Whatever waits is sent when it may be, and a network holds it up for up to ten seconds."""
    allowance, tempo = Allowance(), Tempo(1.5)
    sent_at = arrived_at = 0.0
    for pause, delay in steps:
        sent_at += pause
        arrived_at = max(arrived_at, sent_at + delay)  # in order, as TCP delivers
        while count := min(SECOND, allowance.samples(sent_at)):
            allowance.spend(count)
            assert tempo.allows(count, arrived_at)
