from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.media.handoff import ByteFeed, SampleFeed


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def finished(thread: threading.Thread) -> bool:
    thread.join(timeout=5.0)
    return not thread.is_alive()


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20)), st.integers(1, 30))
def test_bytes_come_out_in_order_whatever_the_sizes(chunks: list[bytes], size: int) -> None:
    feed = ByteFeed(capacity=10_000)
    assert all(feed.write(chunk) for chunk in chunks)
    feed.end()
    read = list(iter(lambda: feed.read(size), b""))
    assert b"".join(read) == b"".join(chunks)
    assert max(map(len, read), default=0) <= size


def test_bytes_beyond_the_capacity_are_refused_until_some_are_read() -> None:
    feed = ByteFeed(capacity=10)
    assert feed.write(b"x" * 8)
    assert not feed.write(b"yyy")
    assert feed.read(5) == b"xxxxx"
    assert feed.write(b"yyy")
    assert feed.read(100) + feed.read(100) == b"xxxyyy"


def test_a_reader_waits_for_bytes_and_is_freed_by_the_end() -> None:
    feed = ByteFeed(capacity=10)
    read: list[bytes] = []
    reader = in_thread(lambda: read.extend(iter(lambda: feed.read(4), b"")))
    feed.write(b"ab")
    feed.end()
    assert finished(reader)
    assert b"".join(read) == b"ab"


def test_cutting_forgets_the_bytes_and_takes_no_more() -> None:
    feed = ByteFeed(capacity=10)
    feed.write(b"abc")
    feed.cut()
    assert feed.write(b"def")
    assert feed.read(10) == b""


def test_a_writer_of_samples_waits_for_the_reader() -> None:
    feed = SampleFeed(capacity=100)
    block = np.arange(60, dtype=np.int16)

    def write_all() -> None:
        for _ in range(20):
            feed.write(block)
        feed.end()

    writer = in_thread(write_all)
    taken = []
    while feed.wait(5.0) and not feed.exhausted:
        taken.append(len(feed.take()))
    assert finished(writer)
    assert sum(taken) == 1200
    assert max(taken) <= 120


def test_a_waiting_writer_is_freed_by_the_cut_and_told_to_stop() -> None:
    feed = SampleFeed(capacity=1)
    told: list[bool] = []
    writer = in_thread(lambda: told.extend(feed.write(np.ones(9, np.int16)) for _ in range(2)))
    assert feed.wait(5.0)
    feed.cut()
    assert finished(writer)
    assert told[-1] is False
    assert len(feed.take()) == 0
