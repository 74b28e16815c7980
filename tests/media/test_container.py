from __future__ import annotations

import contextlib
import gc
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.core.audio import Samples
from livecaption.errors import UnsupportedAudio
from livecaption.media.container import ContainerConverter
from tests.media.recordings import coded, loudness_at, noise, stereo, tone

FORMATS = ("webm", "ogg")
RECORDINGS = {
    name: coded(tone(3.0, hz=500, rate=48_000), name, "libopus", rate=48_000) for name in FORMATS
}
VIDEO_ONLY_EBML = b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01"


def decoding_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("decode-")]


def converted(name: str, stream: bytes, size: int) -> Samples:
    converter = ContainerConverter(name)
    parts = [converter.push(stream[at : at + size]) for at in range(0, len(stream), size)]
    return np.concatenate([*parts, converter.flush()])


@pytest.mark.parametrize("name", FORMATS)
def test_a_growing_stream_gives_all_its_audio(name: str) -> None:
    heard = converted(name, RECORDINGS[name], 700)
    assert abs(len(heard) - 48_000) <= 400  # Ogg leaves out the encoder's own delay
    assert loudness_at(heard[1600:44_800], 500) == pytest.approx(8000, rel=0.05)
    assert decoding_threads() == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_samples_do_not_depend_on_how_the_stream_was_cut(name: str) -> None:
    whole = converted(name, RECORDINGS[name], len(RECORDINGS[name]))
    for size in (31, 1000, 4096):
        np.testing.assert_array_equal(converted(name, RECORDINGS[name], size), whole)


def test_audio_comes_out_long_before_the_stream_ends() -> None:
    converter = ContainerConverter("webm")
    stream = RECORDINGS["webm"]
    heard = len(converter.push(stream[: len(stream) // 2]))
    assert converter._decoder.decoded.wait(5.0)
    heard += len(converter.push(b""))
    assert heard > 0
    converter.close()


def test_stereo_at_another_rate_is_folded_and_resampled() -> None:
    left = tone(1.0, hz=500, rate=44_100)
    stream = coded(
        stereo(left, np.zeros_like(left)), "matroska", "pcm_s16le", rate=44_100, layout="stereo"
    )
    heard = converted("webm", stream, 500)
    assert loudness_at(heard[1600:14_400], 500) == pytest.approx(4000, rel=0.01)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("junk", [b"\x00" * 5000, noise(3000).tobytes(), VIDEO_ONLY_EBML])
def test_a_stream_that_is_not_audio_is_refused_and_leaves_no_thread(name: str, junk: bytes) -> None:
    with pytest.raises(UnsupportedAudio, match=f"not readable as {name}") as refusal:
        converted(name, junk, 1000)
    assert refusal.value.fatal
    assert decoding_threads() == []


def test_a_playlist_is_not_followed_to_other_files() -> None:
    playlist = b"ffconcat version 1.0\nfile /etc/hostname\n"
    with pytest.raises(UnsupportedAudio):
        converted("webm", playlist, len(playlist))


@pytest.mark.parametrize("name", FORMATS)
def test_a_stream_cut_off_in_the_middle_keeps_what_it_had(name: str) -> None:
    stream = RECORDINGS[name]
    heard = converted(name, stream[: len(stream) * 2 // 3], 1000)
    assert 16_000 < len(heard) < 48_000


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_damaged_stream_ends_with_samples_or_a_refusal_and_no_thread(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FORMATS))
    stream = bytearray(RECORDINGS[name])
    for at in data.draw(st.lists(st.integers(0, len(stream) - 1), min_size=1, max_size=20)):
        stream[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnsupportedAudio):
        assert len(converted(name, bytes(stream), 2000)) < 60 * 16_000
    assert decoding_threads() == []


def test_an_empty_stream_has_no_audio() -> None:
    with pytest.raises(UnsupportedAudio, match="not readable"):
        ContainerConverter("ogg").flush()


def test_a_burst_that_does_not_fit_is_refused() -> None:
    converter = ContainerConverter("webm")
    with pytest.raises(UnsupportedAudio, match="speaking speed") as refusal:
        converter.push(b"\x00" * 1_000_000)
    assert refusal.value.fatal
    converter.close()


@pytest.mark.parametrize("name", FORMATS)
def test_a_recorder_that_is_started_again_goes_on_in_the_same_stream(name: str) -> None:
    heard = converted(name, RECORDINGS[name] * 2, 700)
    assert abs(len(heard) - 96_000) <= 400


@pytest.mark.parametrize("sent", [0, 200, 20_000])
def test_close_ends_the_thread_whatever_it_waits_for(sent: int) -> None:
    converter = ContainerConverter("webm")
    converter.push(RECORDINGS["webm"][:sent])
    converter.close()
    converter.close()
    assert decoding_threads() == []


def test_coded_silence_is_not_decoded_far_ahead_of_the_reader() -> None:
    silence = coded(np.zeros(48_000 * 150, np.int16), "webm", "libopus", rate=48_000)
    converter = ContainerConverter("webm")
    decoded = converter._decoder.decoded
    taken = [len(converter.push(silence))]
    converter._decoder.incoming.end()
    while decoded.wait(5.0) and not decoded.exhausted:
        taken.append(len(decoded.take()))
    assert sum(taken) == 150 * 16_000
    assert max(taken) < 61 * 16_000
    converter.close()


def test_a_forgotten_converter_takes_its_thread_along() -> None:
    converter = ContainerConverter("webm")
    thread = converter._thread
    del converter
    gc.collect()
    thread.join(timeout=5.0)
    assert not thread.is_alive()
