from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.policy import REALTIME, WINDOW, StreamingPolicy


def test_only_the_hop_of_a_policy_is_changed_under_load() -> None:
    slower = REALTIME.with_hop(16_000)
    assert slower.hop == 16_000
    assert slower.with_hop(REALTIME.hop) == REALTIME


@pytest.mark.parametrize("policy", [REALTIME, WINDOW])
def test_the_hard_limits_are_thirty_seconds_and_five_of_overlap(policy: StreamingPolicy) -> None:
    assert policy.max_window == 480_000
    assert policy.max_overlap == 80_000


@pytest.mark.parametrize("hop", [0, -1, 480_001])
def test_a_hop_must_fit_into_the_window(hop: int) -> None:
    with pytest.raises(ValueError, match=f"hop {hop} must be in"):
        REALTIME.with_hop(hop)


@pytest.mark.parametrize(("keep", "most"), [(-1, 80_000), (80_001, 80_000), (0, 480_000)])
def test_the_overlap_must_leave_room_for_new_audio(keep: int, most: int) -> None:
    with pytest.raises(ValueError, match="keep_overlap <= max_overlap < max_window"):
        replace(REALTIME, keep_overlap=keep, max_overlap=most)


def test_words_must_settle_before_the_window_is_full() -> None:
    with pytest.raises(ValueError, match="settle must be shorter"):
        replace(WINDOW, settle=480_000)


@pytest.mark.parametrize("half_heard", [-1, 3200])
def test_a_pause_must_show_the_word_before_it(half_heard: int) -> None:
    with pytest.raises(ValueError, match="half_heard must be shorter than pause"):
        replace(REALTIME, half_heard=half_heard, pause=3200)


@given(st.floats(0.0, 60.0), st.integers(1, 16))
def test_the_hop_grows_with_the_turnaround_between_its_limits(
    turnaround: float, workers: int
) -> None:
    hop = REALTIME.hop_under_load(turnaround, workers)
    assert REALTIME.hop <= hop <= REALTIME.most_hop
    assert REALTIME.hop_under_load(turnaround + 0.1, workers) >= hop
    assert REALTIME.hop_under_load(turnaround, workers + 1) <= hop


def test_one_worker_gets_hops_of_three_turnarounds_and_two_workers_of_two() -> None:
    assert REALTIME.hop_under_load(0.5, 1) == int(1.5 * SAMPLE_RATE)
    assert REALTIME.hop_under_load(0.5, 2) == SAMPLE_RATE


def test_what_is_heard_ahead_grows_with_the_turnaround_but_never_fills_a_window() -> None:
    assert REALTIME.ahead_under_load(0.2) == REALTIME.hear_ahead
    assert REALTIME.ahead_under_load(3.0) == 12 * SAMPLE_RATE
    assert REALTIME.ahead_under_load(60.0) == 25 * SAMPLE_RATE
