from __future__ import annotations

import av
import numpy as np
import pytest

from livecaption.core.audio import pcm16_to_float32
from livecaption.errors import UnsupportedAudio
from livecaption.media.pcm import ENCODINGS, downmix, to_int16

ALL_CODES = bytes(range(256))


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_g711_tables_agree_with_ffmpeg_on_every_code(encoding: str) -> None:
    decoder = av.CodecContext.create(f"pcm_{encoding}", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = 8000
    decoder.layout = "mono"
    (frame,) = decoder.decode(av.Packet(ALL_CODES))
    np.testing.assert_array_equal(ENCODINGS[encoding].decode(ALL_CODES), frame.to_ndarray()[0])


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_a_float_frame_with_nan_or_infinity_is_refused(poison: float) -> None:
    with pytest.raises(UnsupportedAudio, match="NaN or infinity"):
        ENCODINGS["pcm_f32le"].decode(np.array([0.0, poison], "<f4").tobytes())


def test_float_samples_beyond_full_scale_are_clipped() -> None:
    decoded = ENCODINGS["pcm_f32le"].decode(np.array([3.0, -7.5, 0.25], "<f4").tobytes())
    np.testing.assert_array_equal(decoded, np.array([1.0, -1.0, 0.25], np.float32))


def test_int16_survives_the_way_to_float_and_back() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    np.testing.assert_array_equal(to_int16(pcm16_to_float32(every)), every)


def test_full_scale_does_not_wrap_around() -> None:
    loud = np.array([1.0, 1.5, -1.0, -1.5], np.float32)
    np.testing.assert_array_equal(to_int16(loud), [32767, 32767, -32768, -32768])


def test_downmix_averages_the_channels() -> None:
    np.testing.assert_array_equal(
        downmix(np.array([[1.0, 0.0], [-0.5, -0.5]], np.float32)), [0.5, -0.5]
    )
