from __future__ import annotations

from dataclasses import replace

import pytest

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
