from __future__ import annotations

import pytest

from livecaption.engine.buckets import BUCKETS, bucket_for


def test_no_bucket_is_a_length_ctranslate2_takes_for_a_spectrogram() -> None:
    assert not {160, 256} & set(BUCKETS)
    assert all(size % 2 == 0 for size in BUCKETS)


@pytest.mark.parametrize(
    ("frames", "floor", "bucket"),
    [
        (10, 1000, 1000),
        (900, 1000, 1000),
        (901, 1000, 1250),
        (1950, 1000, 3000),
        (2990, 1000, 3000),
        (3000, 1000, 3000),
        (10, 500, 500),
        (401, 500, 650),
    ],
)
def test_a_window_gets_the_smallest_bucket_with_a_second_to_spare(
    frames: int, floor: int, bucket: int
) -> None:
    assert bucket_for(frames, floor) == bucket


def test_more_than_thirty_seconds_is_an_error() -> None:
    with pytest.raises(ValueError, match="3001"):
        bucket_for(3001)
