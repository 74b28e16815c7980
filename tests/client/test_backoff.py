from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.client.backoff import Backoff, RetryPolicy


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(RetryPolicy(first=0.5, longest=15.0, patience=1000.0), lambda: 1.0)
    delays = [backoff.next_delay(0.0) for _ in range(8)]
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=100))
def test_the_jitter_is_full_and_the_bounds_hold(draws: list[float]) -> None:
    policy = RetryPolicy(patience=1e9)
    chance = iter(draws)
    backoff = Backoff(policy, lambda: next(chance))
    for attempt, draw in enumerate(draws):
        bound = min(policy.longest, policy.first * 2.0**attempt)
        assert backoff.next_delay(float(attempt)) == draw * bound


def test_the_pause_a_server_asks_for_is_added() -> None:
    assert Backoff(RetryPolicy(), lambda: 0.5).next_delay(0.0, asked=7.0) == 7.25


def test_patience_is_counted_from_the_loss_on() -> None:
    backoff = Backoff(RetryPolicy(first=1.0, longest=1.0, patience=10.0), lambda: 1.0)
    assert backoff.next_delay(100.0) == 1.0
    assert backoff.next_delay(109.0) == 1.0
    assert backoff.next_delay(109.1) is None


def test_a_pause_longer_than_patience_is_not_waited_for() -> None:
    assert Backoff(RetryPolicy(patience=60.0), lambda: 0.0).next_delay(0.0, asked=61.0) is None


def test_a_connection_that_lived_starts_the_delays_afresh() -> None:
    backoff = Backoff(RetryPolicy(first=1.0, longest=4.0, patience=10.0), lambda: 1.0)
    assert [backoff.next_delay(0.0) for _ in range(2)] == [1.0, 2.0]
    backoff.ready(100.0)
    assert backoff.next_delay(104.0) == 1.0


def test_a_server_that_greets_and_drops_in_a_loop_is_left_alone_for_longer_and_longer() -> None:
    backoff = Backoff(RetryPolicy(first=1.0, longest=4.0, patience=10.0), lambda: 1.0)
    delays = []
    for moment in range(4):
        backoff.ready(float(moment))
        delays.append(backoff.next_delay(float(moment)))
    assert delays == [1.0, 2.0, 4.0, 4.0]


@pytest.mark.parametrize("name", ["first", "eager"])
def test_a_policy_without_a_delay_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        RetryPolicy(**{name: 0.0})


def eager(draw: float = 1.0) -> Backoff:
    return Backoff(RetryPolicy(), lambda: draw)


def test_a_session_that_waits_to_be_resumed_is_tried_within_a_second_for_a_minute() -> None:
    backoff = eager()
    delays = [backoff.next_delay(now, waiting=True) for now in (100.0, 101.0, 130.0, 159.0)]
    assert delays == [0.25, 0.75, 0.75, 0.75]
    assert backoff.next_delay(160.0, waiting=True) == 0.5  # from here on as usual
    assert backoff.next_delay(161.0, waiting=True) == 1.0


@given(st.floats(0, 1, exclude_max=True))
def test_a_waiting_session_does_not_hammer(draw: float) -> None:
    backoff = eager(draw)
    backoff.next_delay(0.0, waiting=True)
    delay = backoff.next_delay(1.0, waiting=True)
    assert delay is not None
    assert 0.375 <= delay <= 0.75
    assert 0.375 <= backoff.pause() <= 0.75


def test_a_waiting_session_obeys_a_server_that_asks_for_time() -> None:
    assert eager(0.0).next_delay(0.0, asked=30.0, waiting=True) == 30.0


def test_a_server_that_greets_a_waiting_session_in_vain_is_left_alone_after_a_while() -> None:
    backoff = eager()
    delays = []
    for moment in range(8):
        backoff.ready(float(moment))
        delays.append(backoff.next_delay(float(moment), waiting=True))
    assert delays == [0.25] * 5 + [0.5, 1.0, 2.0]


def test_a_session_that_comes_on_between_losses_stays_eager() -> None:
    backoff = eager()
    for moment in range(20):
        backoff.ready(float(moment))
        backoff.progressed()
        assert backoff.next_delay(float(moment), waiting=True) == 0.25
