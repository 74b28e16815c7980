from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import (
    FRAME_SAMPLES,
    SAMPLE_RATE,
    FrameSplitter,
    pcm16_to_float32,
    samples_from_bytes,
    seconds,
)
from livecaption.errors import UnsupportedAudio
from tests.script import chunks, noise


def test_a_frame_lasts_twenty_milliseconds() -> None:
    assert seconds(FRAME_SAMPLES) == 0.02


def test_seconds_are_rounded_to_the_millisecond() -> None:
    assert seconds(SAMPLE_RATE) == 1.0
    assert seconds(20_001) == 1.25


def test_bytes_are_read_as_little_endian_samples() -> None:
    assert samples_from_bytes(b"\x01\x00\xff\xff\x00\x80").tolist() == [1, -1, -32768]


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(UnsupportedAudio, match="3 bytes holds half a sample"):
        samples_from_bytes(b"abc")


def test_full_scale_maps_to_one() -> None:
    scaled = pcm16_to_float32(np.array([-32768, 0, 16384, 32767], dtype=np.int16))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [-1.0, 0.0, 0.5, 32767 / 32768]


@given(total=st.integers(0, 2000), sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_frames_hold_every_sample_once_however_the_audio_is_cut(
    total: int, sizes: list[int]
) -> None:
    audio = noise(ms=total / 16).samples
    splitter = FrameSplitter()
    frames = []
    for chunk in chunks(audio, sizes):
        frames += list(splitter.push(chunk))
    assert splitter.pending == total % FRAME_SAMPLES
    assert all(len(frame) == 2 * FRAME_SAMPLES for frame in frames)
    last = splitter.flush()
    padding = b"" if last is None else bytes(-2 * total % (2 * FRAME_SAMPLES))
    assert b"".join([*frames, last or b""]) == audio.tobytes() + padding
    assert splitter.pending == 0
    assert splitter.flush() is None


def test_an_iterator_that_is_given_up_does_not_split_the_stream_in_the_wrong_place() -> None:
    splitter = FrameSplitter()
    audio = noise(ms=60).samples
    splitter.push(audio[:700])
    assert next(splitter.push(audio[700:])) == audio[640:960].tobytes()
