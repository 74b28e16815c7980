from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import Samples
from livecaption.core.ringbuffer import AudioRingBuffer


def samples(*values: int) -> Samples:
    return np.array(values, dtype=np.int16)


def test_a_stretch_is_read_by_its_absolute_place() -> None:
    ring = AudioRingBuffer(4)
    ring.append(samples(1, 2, 3))
    ring.append(samples(4, 5, 6))
    assert (ring.start, ring.stop, ring.capacity) == (2, 6, 4)
    assert ring.read(2, 6).tolist() == [3, 4, 5, 6]
    assert ring.read(3, 5).tolist() == [4, 5]


def test_what_is_read_is_a_copy() -> None:
    ring = AudioRingBuffer(4)
    ring.append(samples(1, 2, 3, 4))
    window = ring.read(0, 4)
    ring.append(samples(9, 9))
    assert window.tolist() == [1, 2, 3, 4]


def test_more_than_fits_keeps_the_newest() -> None:
    ring = AudioRingBuffer(3)
    ring.append(samples(*range(10)))
    assert (ring.start, ring.stop) == (7, 10)
    assert ring.read(7, 10).tolist() == [7, 8, 9]


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (3, 7), (5, 4), (-1, 3)])
def test_what_is_forgotten_or_not_there_yet_cannot_be_read(start: int, stop: int) -> None:
    ring = AudioRingBuffer(4)
    ring.append(samples(*range(6)))
    with pytest.raises(IndexError, match=r"the buffer has \[2, 6\)"):
        ring.read(start, stop)


def test_the_front_can_be_forgotten_but_not_brought_back() -> None:
    ring = AudioRingBuffer(4)
    ring.append(samples(1, 2, 3))
    ring.trim_before(2)
    ring.trim_before(1)
    assert ring.start == 2
    ring.trim_before(99)
    assert (ring.start, ring.stop) == (3, 3)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_buffer_needs_room(capacity: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        AudioRingBuffer(capacity)


@given(
    capacity=st.integers(1, 20),
    appended=st.lists(st.integers(0, 45), max_size=8),
    start=st.integers(-2, 120),
    stop=st.integers(-2, 120),
)
def test_it_holds_what_the_end_of_a_list_would_hold(
    capacity: int, appended: list[int], start: int, stop: int
) -> None:
    ring = AudioRingBuffer(capacity)
    everything: list[int] = []
    for count in appended:
        fresh = [len(everything) + i for i in range(count)]
        ring.append(samples(*fresh))
        everything += fresh
    oldest = max(0, len(everything) - capacity)
    assert (ring.start, ring.stop) == (oldest, len(everything))
    if oldest <= start <= stop <= len(everything):
        assert ring.read(start, stop).tolist() == everything[start:stop]
    else:
        with pytest.raises(IndexError):
            ring.read(start, stop)


def test_a_buffer_may_begin_anywhere_and_skip_what_never_came() -> None:
    ring = AudioRingBuffer(8, start=100)
    ring.append(np.arange(4, dtype=np.int16))
    assert (ring.start, ring.stop) == (100, 104)
    ring.skip(50)
    assert (ring.start, ring.stop) == (154, 154)
    ring.append(np.arange(6, dtype=np.int16))
    assert ring.read(154, 160).tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(IndexError):
        ring.read(103, 160)


def test_it_grows_with_what_is_held_and_only_with_that() -> None:
    ring = AudioRingBuffer(2**20)
    chunk = np.arange(1000, dtype=np.int16)
    for _ in range(1000):
        ring.append(chunk)
        ring.trim_before(ring.stop - 5000)
    assert ring.nbytes == 2 * 2**16
    for _ in range(100):
        ring.append(chunk)
    assert ring.read(ring.start, ring.stop).tolist() == [*range(1000)] * 105
    assert ring.nbytes == 2 * 2**17


@given(
    st.lists(st.tuples(st.integers(0, 70_000), st.integers(0, 200_000)), max_size=12),
    st.integers(1, 200_000),
)
def test_what_it_holds_is_always_the_newest_of_what_was_not_forgotten(
    steps: list[tuple[int, int]], capacity: int
) -> None:
    ring = AudioRingBuffer(capacity)
    everything = np.arange(12 * 70_000, dtype=np.int32).astype(np.int16)
    start = stop = 0
    for length, forgotten in steps:
        ring.append(everything[stop : stop + length])
        stop += length
        start = max(start, stop - capacity)
        ring.trim_before(forgotten)
        start = min(max(start, forgotten), stop)
        assert (ring.start, ring.stop) == (start, stop)
        assert np.array_equal(ring.read(start, stop), everything[start:stop])
