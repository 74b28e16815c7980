from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import pytest

from livecaption.core.audio import Samples
from livecaption.errors import MediaError
from livecaption.media.reader import HELD_BLOCKS, SourceReader
from livecaption.media.sources import BLOCK_SAMPLES, Source, open_source
from tests.media.recordings import noise


def numbered_blocks(count: int) -> Iterator[Samples]:
    for number in range(count):
        yield np.full(BLOCK_SAMPLES, number, np.int16)


async def test_all_blocks_arrive_in_order() -> None:
    pcm = noise(HELD_BLOCKS * BLOCK_SAMPLES * 3 + 5)
    source = open_source("-", None, io.BytesIO(pcm.tobytes()))
    async with SourceReader(source) as reader:
        blocks = [block async for block in reader]
    np.testing.assert_array_equal(np.concatenate(blocks), pcm)
    assert reader.dropped == 0


async def test_a_slow_consumer_of_a_file_makes_the_reading_wait() -> None:
    given_out = threading.Semaphore(0)
    read: list[int] = []

    def blocks() -> Iterator[Samples]:
        for number, block in enumerate(numbered_blocks(HELD_BLOCKS + 10)):
            read.append(number)
            yield block
            given_out.release()

    async with SourceReader(Source("a file", blocks(), nullcontext())) as reader:
        for _ in range(HELD_BLOCKS):  # released once a block has been taken over
            assert given_out.acquire(timeout=5.0)
        assert len(read) <= HELD_BLOCKS + 1
        assert [int(block[0]) async for block in reader] == list(range(HELD_BLOCKS + 10))


async def test_a_device_goes_on_without_its_consumer_and_the_loss_is_counted() -> None:
    ended = threading.Event()

    def blocks() -> Iterator[Samples]:
        yield from numbered_blocks(HELD_BLOCKS + 7)
        ended.set()

    async with SourceReader(Source("a device", blocks(), nullcontext(), live=True)) as reader:
        assert ended.wait(timeout=5.0)
        assert len([block async for block in reader]) == HELD_BLOCKS
        assert reader.dropped == 7 * BLOCK_SAMPLES


async def test_a_source_that_breaks_gives_its_audio_first_and_then_the_reason() -> None:
    def blocks() -> Iterator[Samples]:
        yield from numbered_blocks(3)
        raise MediaError("The tape is torn.")

    async with SourceReader(Source("a tape", blocks(), nullcontext())) as reader:
        for number in range(3):
            assert (await anext(reader))[0] == number
        with pytest.raises(MediaError, match="torn"):
            await anext(reader)


async def test_leaving_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    class Tape:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *details: object) -> None:
            closed.set()

    tape = Source("a tape", numbered_blocks(10_000), Tape())
    async with SourceReader(tape) as reader:
        async for _ in reader:
            break
    assert closed.wait(timeout=5.0)
