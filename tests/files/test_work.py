from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import BinaryIO

import numpy as np
import pytest

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.file_pace import FilePace
from livecaption.core.file_transcript import FileOptions, FileProgress
from livecaption.engine.batcher import Batcher
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.engine.scripted_files import ScriptedFiles
from livecaption.errors import DamagedMedia, EngineError, MediaTooLong, Overloaded
from livecaption.files.work import Decode, FileLimits, FileWork
from livecaption.media.recording import PcmFile

WORDS = script("one two three", start=1.0) + script("four", start=31.0)
PLAIN = FileOptions()


async def silent_minute(file: BinaryIO, recording: PcmFile, longest_s: float) -> None:
    """Decodes everything to 70 s of silence."""
    recording.append(np.zeros(min(70, int(longest_s)) * SAMPLE_RATE, dtype=np.int16))


@asynccontextmanager
async def working(
    files: ScriptedFiles | None,
    decode: Decode = silent_minute,
    limits: FileLimits | None = None,
    pace: FilePace | None = None,
) -> AsyncIterator[tuple[FileWork, Batcher]]:
    batcher = Batcher(ScriptedTranscriber(script("live words here"), files=files))
    work = FileWork(batcher, decode, limits, pace)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        try:
            yield work, batcher
        finally:
            work.stop()
            await batcher.aclose()
    work.close()


def nothing() -> BinaryIO:
    return io.BytesIO()


def gate() -> tuple[Callable[[FileOptions], None], threading.Event, threading.Event]:
    """A window that says when it has begun and waits until it may go on."""
    begun, go_on = threading.Event(), threading.Event()

    def before_window(options: FileOptions) -> None:
        begun.set()
        assert go_on.wait(10)

    return before_window, begun, go_on


async def seen(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


async def test_a_file_becomes_segments_and_progress() -> None:
    told: list[FileProgress] = []
    async with working(ScriptedFiles(WORDS)) as (work, _):
        transcript = await work.transcribe(nothing(), PLAIN, told.append)
        assert work.waited_for == 0
    assert transcript.text == "one two three four"
    assert transcript.info.duration == 70
    assert [progress.done_s for progress in told] == [0, 30, 60, 70]
    assert [s for progress in told for s in progress.segments] == list(transcript.segments)


async def test_more_files_than_places_are_refused_and_jobs_have_a_place_of_their_own() -> None:
    before_window, begun, go_on = gate()
    files = ScriptedFiles(WORDS, before_window)
    async with working(files, limits=FileLimits(max_files=1)) as (work, _):
        first = asyncio.create_task(work.transcribe(nothing(), PLAIN))
        await seen(begun)
        with pytest.raises(Overloaded, match="again later") as refused:
            await work.transcribe(nothing(), PLAIN)
        assert refused.value.retry_after > 0
        job = asyncio.create_task(work.transcribe(nothing(), PLAIN, background=True))
        go_on.set()
        assert (await first).text == (await job).text
        assert (await work.transcribe(nothing(), PLAIN)).text


async def test_jobs_are_decoded_one_at_a_time() -> None:
    decoding, most = 0, 0
    go_on = asyncio.Event()

    async def decode(file: BinaryIO, recording: PcmFile, longest_s: float) -> None:
        nonlocal decoding, most
        decoding += 1
        most = max(most, decoding)
        await go_on.wait()
        decoding -= 1

    async with working(ScriptedFiles(), decode) as (work, _):
        jobs = [work.transcribe(nothing(), PLAIN, background=True) for _ in range(3)]
        running = asyncio.gather(*jobs)
        await asyncio.sleep(0)
        go_on.set()
        await running
    assert most == 1


async def test_a_cancelled_file_ends_and_leaves_the_engine_to_others() -> None:
    before_window, begun, go_on = gate()
    async with working(ScriptedFiles(WORDS, before_window)) as (work, _):
        cancelled = asyncio.create_task(work.transcribe(nothing(), PLAIN))
        await seen(begun)
        cancelled.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert work.waited_for == 0
        assert (await work.transcribe(nothing(), PLAIN)).text == "one two three four"


async def test_a_stop_sends_files_back_to_their_owners() -> None:
    before_window, begun, go_on = gate()
    async with working(ScriptedFiles(WORDS, before_window)) as (work, _):
        under_way = asyncio.create_task(work.transcribe(nothing(), PLAIN))
        await seen(begun)
        work.stop()
        go_on.set()
        for file in (under_way, work.transcribe(nothing(), PLAIN, background=True)):
            with pytest.raises(Overloaded) as refused:
                await file
            assert refused.value.code == "going_away"


async def test_errors_come_through_and_free_the_place() -> None:
    async def damaged(file: BinaryIO, recording: PcmFile, longest_s: float) -> None:
        raise DamagedMedia("It is broken.")

    async def long(file: BinaryIO, recording: PcmFile, longest_s: float) -> None:
        raise MediaTooLong(f"longer than {longest_s:g}")

    def failing(options: FileOptions) -> None:
        raise EngineError("The model failed.")

    async with working(ScriptedFiles(), damaged, FileLimits(max_files=1)) as (work, _):
        for _ in range(2):
            with pytest.raises(DamagedMedia):
                await work.transcribe(nothing(), PLAIN)
    async with working(ScriptedFiles(), long, FileLimits(longest_s=100)) as (work, _):
        for asked, limit in ((None, "100"), (7.0, "7"), (1000.0, "100")):
            with pytest.raises(MediaTooLong, match=f"longer than {limit}"):
                await work.transcribe(nothing(), PLAIN, longest_s=asked)
    async with working(ScriptedFiles(WORDS, failing)) as (work, _):
        with pytest.raises(EngineError, match="model failed"):
            await work.transcribe(nothing(), PLAIN)
    async with working(None) as (work, _):
        with pytest.raises(EngineError, match="no files"):
            await work.transcribe(nothing(), PLAIN)


async def test_files_rest_while_somebody_speaks() -> None:
    begun: list[float] = []
    loop = asyncio.get_running_loop()

    def before_window(options: FileOptions) -> None:
        begun.append(loop.time())

    # Live work that is late keeps files waiting; then nobody speaks for a while, and they go on.
    pace = FilePace(quiet_after_s=0.3, most_turnaround_s=0.0, look_again_s=0.01)
    async with working(ScriptedFiles(WORDS, before_window), pace=pace) as (work, batcher):
        spoken = loop.time()
        await batcher.transcribe(request())
        await work.transcribe(nothing(), PLAIN)
    assert len(begun) == 3
    assert begun[0] - spoken >= 0.25


def request() -> DecodeRequest:
    return DecodeRequest(
        session="a",
        number=1,
        utterance=1,
        kind=DecodeKind.PARTIAL,
        start=0,
        audio=np.zeros(SAMPLE_RATE, dtype=np.int16),
        language="en",
    )
