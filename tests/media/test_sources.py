from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from livecaption.core.audio import Samples
from livecaption.errors import MediaError
from livecaption.media.sources import BLOCK_SAMPLES, RawFormat, open_source
from tests.media.recordings import coded, loudness_at, noise, stereo, tone, write_wav


def heard(spec: str) -> Samples:
    with open_source(spec) as source:
        return np.concatenate(list(source))


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Address of a web server over tmp_path."""
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_native_wav_comes_back_bit_for_bit_in_blocks(tmp_path: Path) -> None:
    pcm = noise(4000)
    with open_source(str(write_wav(tmp_path / "a.wav", pcm))) as source:
        blocks = list(source)
    assert [len(block) for block in blocks] == [BLOCK_SAMPLES, BLOCK_SAMPLES, 800]
    assert all(block.dtype == np.int16 for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), pcm)


def test_a_file_knows_its_duration_and_is_not_live(tmp_path: Path) -> None:
    with open_source(str(write_wav(tmp_path / "a.wav", tone(2.5)))) as source:
        assert source.duration == pytest.approx(2.5)
        assert not source.live


def test_stereo_files_at_another_rate_are_converted(tmp_path: Path) -> None:
    left = tone(1.0, hz=500, rate=44_100)
    path = write_wav(tmp_path / "a.wav", stereo(left, np.zeros_like(left)), rate=44_100, channels=2)
    pcm = heard(str(path))
    assert abs(len(pcm) - 16_000) <= 1
    assert loudness_at(pcm, 500) == pytest.approx(4000, rel=0.01)


def test_surround_keeps_the_centre_channel(tmp_path: Path) -> None:
    channels = np.zeros((16_000, 6), np.int16)
    channels[:, 2] = tone(1.0, hz=500)
    path = tmp_path / "film.mka"
    path.write_bytes(
        coded(channels.reshape(-1), "matroska", "pcm_s16le", rate=16_000, layout="5.1")
    )
    assert loudness_at(heard(str(path)), 500) > 4000


@pytest.mark.parametrize(
    ("container", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("ogg", "libopus")]
)
def test_compressed_files_are_decoded(tmp_path: Path, container: str, codec: str) -> None:
    path = tmp_path / "song"
    path.write_bytes(coded(tone(2.0, hz=500, rate=48_000), container, codec, rate=48_000))
    pcm = heard(str(path))
    assert abs(len(pcm) - 32_000) < 2000
    assert loudness_at(pcm[1600:28_800], 500) == pytest.approx(8000, rel=0.1)


def test_a_file_is_read_although_its_name_looks_like_a_device_or_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("alsa:default", "concat:a", "-x.wav"):
        write_wav(tmp_path / name, tone(0.1))
        assert len(heard(name)) == 1600


def video_without_sound() -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=25, width=64, height=64, pix_fmt="yuv420p")
        output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.txt", b"just some words\n" * 50, "no audio stream"),
        ("empty.wav", b"", "not an audio or video file"),
        ("mute.mkv", video_without_sound(), "no audio stream"),
    ],
)
def test_a_file_without_sound_is_refused_with_a_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError, match=sentence) as refusal:
        open_source(str(path))
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_directory_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"There is no file .*; check the path"):
        open_source(str(tmp_path / "nothing.wav"))
    with pytest.raises(MediaError, match="is a directory"):
        open_source(str(tmp_path))


def test_a_damaged_packet_costs_only_itself(tmp_path: Path) -> None:
    stream = bytearray(coded(tone(4.0, rate=48_000), "ogg", "libopus", rate=48_000))
    middle = len(stream) // 2
    stream[middle : middle + 40] = b"\xff" * 40
    path = tmp_path / "scratched.ogg"
    path.write_bytes(stream)
    assert len(heard(str(path))) > 2.5 * 16_000


def test_raw_pcm_on_standard_input_is_converted_and_half_a_sample_at_its_end_dropped() -> None:
    left = tone(1.0, hz=500, rate=8000)
    raw = stereo(left, left).tobytes() + b"\x01\x02\x03"
    with open_source("-", RawFormat(rate=8000, channels=2), io.BytesIO(raw)) as source:
        pcm = np.concatenate(list(source))
    assert abs(len(pcm) - 16_000) <= 1
    assert loudness_at(pcm, 500) == pytest.approx(8000, rel=0.01)


def test_standard_input_in_odd_pieces_stays_aligned() -> None:
    pcm = noise(5000)

    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 333))

    with open_source("-", None, Dribble(pcm.tobytes())) as source:
        np.testing.assert_array_equal(np.concatenate(list(source)), pcm)


@pytest.mark.parametrize("raw", [RawFormat(rate=4000), RawFormat(channels=6)])
def test_raw_formats_outside_the_protocol_are_refused(raw: RawFormat) -> None:
    with pytest.raises(MediaError, match="--rate 8000 to 48000 and --channels 1 to 2"):
        open_source("-", raw, io.BytesIO())


def test_a_keyboard_is_not_taken_for_audio() -> None:
    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    with pytest.raises(MediaError, match="Nothing is piped"):
        open_source("-", None, Keyboard())


def test_an_address_is_read_over_the_network(web: str, tmp_path: Path) -> None:
    pcm = noise(8000)
    write_wav(tmp_path / "a.wav", pcm)
    np.testing.assert_array_equal(heard(f"{web}/a.wav"), pcm)


def test_an_address_that_does_not_answer_is_refused_without_showing_its_password(web: str) -> None:
    address = web.replace("//", "//ann:secret@")
    with pytest.raises(MediaError, match="cannot be opened") as refusal:
        open_source(f"{address}/missing.wav?token=secret")
    assert web.removeprefix("http://") in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_an_endless_capture_device_is_read_block_by_block() -> None:
    with open_source("lavfi:sine=frequency=500") as source:
        assert source.live
        assert source.duration is None
        blocks = list(islice(source, 10))
    assert [len(block) for block in blocks] == [BLOCK_SAMPLES] * 10
    assert loudness_at(np.concatenate(blocks), 500) > 1000


@pytest.mark.parametrize("spec", ["lavfi:no_such_filter", "oss:/dev/no-such-device"])
def test_a_device_that_cannot_be_opened_is_refused_with_a_way_out(spec: str) -> None:
    with pytest.raises(MediaError, match=r"cannot be opened .* ffmpeg -f .* stream -"):
        open_source(spec)


def test_a_capture_system_this_build_lacks_is_named() -> None:
    missing = next(name for name in ("dshow", "avfoundation") if name not in av.formats_available)
    with pytest.raises(MediaError, match="captures through"):
        open_source(f"{missing}:0")
