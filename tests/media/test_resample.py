from __future__ import annotations

import numpy as np
import pytest

from livecaption.core.audio import pcm16_to_float32
from livecaption.media.resample import Resampler
from tests.media.recordings import noise


@pytest.mark.parametrize(("rate", "delay_s"), [(8000, 0.12), (44_100, 0.05), (48_000, 0.05)])
def test_audio_is_not_held_back_for_longer_than_the_filter_needs(rate: int, delay_s: float) -> None:
    resampler = Resampler(rate)
    step = rate // 50
    heard = 0
    for number in range(1, 101):
        heard += len(resampler.push(np.zeros(step, np.float32)))
        assert number * step / rate - heard / 16_000 < delay_s
    assert heard + len(resampler.flush()) == 32_000


def test_at_its_own_rate_nothing_is_held_back() -> None:
    resampler = Resampler(16_000)
    pcm = noise(333)
    np.testing.assert_array_equal(resampler.push(pcm16_to_float32(pcm)), pcm)
    assert len(resampler.flush()) == 0
