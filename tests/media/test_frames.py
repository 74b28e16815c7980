from __future__ import annotations

import av
import numpy as np
import pytest

from livecaption.media.frames import FrameConverter
from tests.media.recordings import Pcm, loudness_at, noise, stereo, tone


def frame(pcm: Pcm, *, rate: int, layout: str = "mono") -> av.AudioFrame:
    made = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout=layout)
    made.sample_rate = rate
    return made


def test_native_frames_pass_bit_for_bit() -> None:
    pcm = noise(960)
    np.testing.assert_array_equal(FrameConverter().push(frame(pcm, rate=16_000)), pcm)


def test_a_stream_that_changes_its_format_goes_on_in_the_new_one() -> None:
    converter = FrameConverter()
    left = tone(0.5, hz=500, rate=44_100)
    parts = [
        converter.push(frame(tone(0.5, hz=500, rate=48_000), rate=48_000)),
        converter.push(frame(stereo(left, left), rate=44_100, layout="stereo")),
        converter.push(frame(tone(0.5, hz=500), rate=16_000)),
        converter.flush(),
    ]
    heard = np.concatenate(parts)
    assert abs(len(heard) - 24_000) <= 3
    assert loudness_at(heard, 500) == pytest.approx(8000, rel=0.02)


def test_a_jump_in_the_time_stamps_changes_nothing() -> None:
    converter = FrameConverter()
    pcm = noise(1600)
    heard = []
    for start, pts in ((0, 0), (800, 10_000_000)):
        part = frame(pcm[start : start + 800], rate=16_000)
        part.pts = pts
        heard.append(converter.push(part))
    np.testing.assert_array_equal(np.concatenate(heard), pcm)


def test_samples_that_are_no_numbers_become_silence() -> None:
    broken = np.array([[0.5, np.nan, np.inf, -np.inf, 2.0]], np.float32)
    made = av.AudioFrame.from_ndarray(broken, format="flt", layout="mono")
    made.sample_rate = 16_000
    np.testing.assert_array_equal(FrameConverter().push(made), [16_384, 0, 0, 0, 32_767])


def test_nothing_is_flushed_where_nothing_was_pushed() -> None:
    assert len(FrameConverter().flush()) == 0
