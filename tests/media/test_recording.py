from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from livecaption.core.audio import Samples
from livecaption.errors import MediaError
from livecaption.media.recording import MemoryRecording, PcmFile, record
from livecaption.media.sources import Source
from tests.media.recordings import noise


def blocks(count: int) -> Iterator[Samples]:
    for number in range(count):
        yield np.full(1600, number, dtype=np.int16)


def source(count: int, *, live: bool = False) -> Source:
    return Source("talk.wav", blocks(count), nullcontext(), live=live)


def test_what_is_written_is_read_again_in_any_part() -> None:
    samples = noise(5000)
    with PcmFile() as recording:
        assert len(recording) == 0
        recording.append(samples[:1234])
        recording.append(samples[1234:])
        for known in (recording, MemoryRecording(samples)):
            assert len(known) == 5000
            assert (known.read(0, 5000) == samples).all()
            assert (known.read(1200, 1300) == samples[1200:1300]).all()
            assert len(known.read(40, 40)) == 0


def test_a_recording_has_no_name(tmp_path: Path) -> None:
    with PcmFile(tmp_path) as recording:
        recording.append(noise(10))
        assert list(tmp_path.iterdir()) == []


def test_a_source_is_recorded_to_its_end() -> None:
    with record(source(20)) as recording:
        assert len(recording) == 32_000
        assert recording.read(1600, 1601)[0] == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (source(0), "holds no audio"),
        (source(1, live=True), "never ends"),
        (source(40), r"longer than 0\.001 hours"),
    ],
)
def test_what_cannot_be_recorded_says_why(given: Source, sentence: str) -> None:
    with pytest.raises(MediaError, match=sentence):
        record(given, longest_h=0.001)
