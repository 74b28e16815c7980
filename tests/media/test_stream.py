from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.core.audio import Samples
from livecaption.errors import UnsupportedAudio
from livecaption.media.stream import Converter, open_converter
from livecaption.protocol.client_messages import AudioFormat, Encoding
from tests.media.recordings import loudness_at, noise, packets, stereo, tone

RATES = (8000, 11025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def as_bytes(samples: Samples, encoding: Encoding) -> bytes:
    """Some signal in this encoding; for G.711 any byte is a sample."""
    write: dict[Encoding, Callable[[], bytes]] = {
        "pcm_s16le": samples.tobytes,
        "pcm_f32le": (samples / np.float32(32768)).astype("<f4").tobytes,
        "mulaw": samples.astype(np.uint8).tobytes,
        "alaw": samples.astype(np.uint8).tobytes,
    }
    return write[encoding]()


def converted(converter: Converter, frames: list[bytes]) -> Samples:
    return np.concatenate([*map(converter.push, frames), converter.flush()])


@settings(deadline=None)
@given(
    encoding=st.sampled_from(["pcm_s16le", "pcm_f32le", "mulaw", "alaw"]),
    rate=st.sampled_from(RATES),
    channels=st.sampled_from([1, 2]),
    cuts=st.lists(st.integers(0, 4000), max_size=12),
)
def test_the_samples_do_not_depend_on_how_the_audio_was_cut(
    encoding: Encoding, rate: int, channels: int, cuts: list[int]
) -> None:
    audio = AudioFormat(encoding=encoding, sample_rate=rate, channels=channels)
    assert audio.block_bytes is not None
    signal = as_bytes(noise(4000 * channels), encoding)
    places = [0, *sorted(cut * audio.block_bytes for cut in cuts), len(signal)]
    frames = [signal[start:stop] for start, stop in pairwise(places)]
    np.testing.assert_array_equal(
        converted(open_converter(audio), frames), converted(open_converter(audio), [signal])
    )


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_length_pitch_and_level_at_every_rate(rate: int) -> None:
    pcm = tone(1.0, hz=500, rate=rate, level=8000)
    frames = [pcm[at : at + 777].tobytes() for at in range(0, len(pcm), 777)]
    heard = converted(open_converter(AudioFormat(sample_rate=rate)), frames)
    assert abs(len(heard) - 16_000) <= 1
    assert loudness_at(heard, 500) == pytest.approx(8000, rel=0.01)


def test_native_audio_passes_without_a_copy() -> None:
    pcm = noise(1600).tobytes()
    heard = open_converter(AudioFormat()).push(pcm)
    assert heard.tobytes() == pcm
    assert np.shares_memory(heard, np.frombuffer(pcm, np.int16))


def test_frequencies_that_do_not_fit_into_16_khz_are_filtered_out() -> None:
    pcm = tone(1.0, hz=11_000, rate=48_000)
    heard = converted(open_converter(AudioFormat(sample_rate=48_000)), [pcm.tobytes()])
    assert loudness_at(heard, 5000) < 10  # where it would fold to


def test_stereo_is_averaged() -> None:
    both = stereo(tone(0.2, level=8000), np.zeros(3200, np.int16))
    heard = converted(open_converter(AudioFormat(channels=2)), [both.tobytes()])
    assert loudness_at(heard, 440) == pytest.approx(4000, rel=0.01)


@pytest.mark.parametrize(
    ("encoding", "channels", "size"),
    [("pcm_s16le", 1, 3201), ("pcm_s16le", 2, 3202), ("pcm_f32le", 1, 6), ("mulaw", 2, 161)],
)
def test_a_frame_that_cuts_a_sample_is_refused_and_the_stream_goes_on(
    encoding: Encoding, channels: int, size: int
) -> None:
    audio = AudioFormat(encoding=encoding, channels=channels, sample_rate=8000)
    signal = as_bytes(noise(3200 * channels), encoding)
    broken = open_converter(audio)
    head = broken.push(signal[:3200])
    with pytest.raises(UnsupportedAudio, match="multiple of"):
        broken.push(signal[:size])
    rest = converted(broken, [signal[3200:]])
    np.testing.assert_array_equal(
        np.concatenate([head, rest]), converted(open_converter(audio), [signal])
    )


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_bare_opus_packets_are_decoded_to_the_tone_they_hold(layout: str) -> None:
    mono = tone(1.0, hz=500, rate=48_000)
    pcm = mono if layout == "mono" else stereo(mono, mono)
    converter = open_converter(AudioFormat(encoding="opus", sample_rate=48_000, channels=1))
    heard = converted(converter, packets(pcm, "libopus", rate=48_000, layout=layout))
    assert 16_000 <= len(heard) <= 16_400  # the encoder's own delay comes on top
    assert loudness_at(heard[1600:14_400], 500) == pytest.approx(8000, rel=0.05)


def test_each_opus_packet_is_heard_before_the_next_one() -> None:
    converter = open_converter(AudioFormat(encoding="opus"))
    coded = packets(tone(0.5, rate=48_000), "libopus", rate=48_000)
    heard = 0
    for number, packet in enumerate(coded, start=1):
        heard += len(converter.push(packet))
        assert number * 320 - heard < 1000  # what the resampler computes at once


@pytest.mark.parametrize("junk", [b"", b"\xff", b"\xfc" * 3000])
def test_junk_between_opus_packets_is_refused_and_the_next_packet_is_heard(junk: bytes) -> None:
    converter = open_converter(AudioFormat(encoding="opus"))
    coded = packets(tone(0.5, rate=48_000), "libopus", rate=48_000)
    heard = [converter.push(packet) for packet in coded[:10]]
    with pytest.raises(UnsupportedAudio, match="packet"):
        converter.push(junk)
    heard += [converter.push(packet) for packet in coded[10:]]
    heard.append(converter.flush())
    assert sum(map(len, heard)) == len(coded) * 320
