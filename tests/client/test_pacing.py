from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.client.pacing import Schedule, paced
from livecaption.core.audio import Samples


def test_a_block_is_due_when_its_last_sample_has_been_spoken() -> None:
    schedule = Schedule()
    assert [schedule.due(1600, now=10.0) for _ in range(3)] == pytest.approx([10.1, 10.2, 10.3])


def test_speed_shortens_the_time_between_blocks() -> None:
    schedule = Schedule(speed=4.0)
    assert [schedule.due(1600, now=0.0) for _ in range(2)] == pytest.approx([0.025, 0.05])


def test_a_short_delay_is_caught_up_with() -> None:
    schedule = Schedule()
    schedule.due(1600, now=0.0)
    assert schedule.due(1600, now=0.9) == pytest.approx(0.2)


def test_after_a_long_delay_the_schedule_starts_again_from_now() -> None:
    schedule = Schedule()
    schedule.due(1600, now=0.0)
    assert schedule.due(1600, now=60.0) == pytest.approx(60.1)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_speed_that_never_ends_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Schedule(speed)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=50),
    st.lists(st.floats(0, 3), min_size=50, max_size=50),
)
async def test_audio_is_never_sent_faster_than_it_is_spoken(
    sizes: list[int], hold_ups: list[float]
) -> None:
    """But for one second of catching up, over any stretch, however the source stalls."""
    now = 0.0

    async def blocks() -> AsyncIterator[Samples]:
        nonlocal now
        for size, hold_up in zip(sizes, hold_ups, strict=False):
            now += hold_up
            yield np.zeros(size, np.int16)

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    played = paced(blocks(), clock=lambda: now, sleep=sleep)
    sent = [(now, len(block)) async for block in played]
    for first, last in combinations(range(len(sent)), 2):
        samples = sum(size for _, size in sent[first + 1 : last + 1])
        assert samples <= (sent[last][0] - sent[first][0] + 1.0) * 16_000 + 1
