"""Working jobs off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from livecaption.errors import DamagedMedia, EngineError, Overloaded
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.records import Job, NewJob
from livecaption.jobs.runner import JobRunner
from livecaption.jobs.uploads import UploadFolder
from tests.jobs.hearing import Hearing
from tests.jobs.queues import House, sqlite_house
from tests.jobs.samples import a_job, a_transcript


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with sqlite_house(tmp_path) as found:
        yield found


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    folder = UploadFolder(tmp_path / "uploads", max_bytes=10**6, reserve_bytes=0)
    folder.prepare()
    return folder


async def sent(house: House, uploads: UploadFolder, owner: str = "k_1") -> NewJob:
    new = a_job(owner)
    with uploads.receive(new.id) as file:
        file.write(b"sound")
    await house.queue.submit(new)
    return new


async def found(house: House, new: NewJob) -> Job:
    job = await house.queue.get(new.id)
    assert job is not None
    return job


async def test_a_file_is_transcribed_stored_and_let_go(house: House, uploads: UploadFolder) -> None:
    hearing = Hearing()
    new = await sent(house, uploads)
    runner = JobRunner(house.queue, uploads, hearing)
    assert await runner.work_one()
    assert hearing.heard == [(new.id, new.options)]
    assert (await found(house, new)).state is JobState.DONE
    assert await house.queue.result(new.id) == a_transcript()
    assert not uploads.path_of(new.id).exists()
    assert not await runner.work_one()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DamagedMedia("The file breaks off."), "damaged_media"),
        (EngineError("The model failed 3.0 s into the file."), "engine_error"),
        (RuntimeError("secret caption text"), "internal"),
    ],
)
async def test_a_file_that_fails_says_why_and_is_not_tried_again(
    house: House, uploads: UploadFolder, error: Exception, code: str
) -> None:
    new = await sent(house, uploads)
    await JobRunner(house.queue, uploads, Hearing(error)).work_one()
    job = await found(house, new)
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert job.problem.code == code
    assert "secret" not in job.problem.message
    assert not uploads.path_of(new.id).exists()


async def test_a_file_that_is_gone_fails_its_job(house: House, uploads: UploadFolder) -> None:
    await house.queue.submit(new := a_job())
    await JobRunner(house.queue, uploads, Hearing()).work_one()
    job = await found(house, new)
    assert job.problem is not None
    assert job.problem.code == "upload_lost"


async def test_an_engine_without_time_gives_the_job_back(
    house: House, uploads: UploadFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    new = await sent(house, uploads)
    runner = JobRunner(house.queue, uploads, Hearing(Overloaded("Later.", code="no_space")))
    with pytest.raises(Overloaded):
        await runner.work_one()
    job = await found(house, new)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert uploads.path_of(new.id).exists()
    assert f"job {new.id} was given back: no_space" in caplog.text


async def test_a_job_for_which_there_is_never_room_fails_in_the_end_and_makes_way(
    house: House, uploads: UploadFolder
) -> None:
    large, small = await sent(house, uploads), await sent(house, uploads)
    runner = JobRunner(house.queue, uploads, Hearing(Overloaded("No room.", code="no_space")))
    for _ in range(10):
        with pytest.raises(Overloaded):
            await runner.work_one()
    assert await runner.work_one()
    job = await found(house, large)
    assert job.problem is not None
    assert (job.state, job.problem.code) == (JobState.FAILED, "no_space")
    assert not uploads.path_of(large.id).exists()
    assert (await found(house, small)).state is JobState.QUEUED


async def test_a_server_that_goes_down_gives_running_jobs_back(
    house: House, uploads: UploadFolder
) -> None:
    new = await sent(house, uploads)
    hearing = Hearing(waits=True)
    working = asyncio.create_task(JobRunner(house.queue, uploads, hearing).run())
    async with asyncio.timeout(10):
        await hearing.began.wait()
    working.cancel()
    await asyncio.wait([working], timeout=10)
    assert hearing.cancelled == 1
    job = await found(house, new)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert uploads.path_of(new.id).exists()


async def test_a_job_cancelled_under_way_is_stopped_and_leaves_nothing(
    house: House, uploads: UploadFolder
) -> None:
    new = await sent(house, uploads)
    hearing = Hearing(waits=True)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        working = tasks.create_task(JobRunner(house.queue, uploads, hearing).work_one())
        await hearing.began.wait()
        await house.queue.cancel(new.id)
        hearing.go.set()  # its next report finds that out
        assert await working
    assert await house.queue.get(new.id) is None
    assert await house.queue.result(new.id) is None
    assert not uploads.path_of(new.id).exists()


async def test_as_many_jobs_run_as_there_are_workers(house: House, uploads: UploadFolder) -> None:
    jobs = [await sent(house, uploads, f"k_{n}") for n in range(3)]
    hearing = Hearing(waits=True)
    working = asyncio.create_task(JobRunner(house.queue, uploads, hearing, workers=2).run())
    async with asyncio.timeout(10):
        while len(hearing.heard) < 2:
            await hearing.began.wait()
            hearing.began.clear()
        states = [(await found(house, job)).state for job in jobs]
        assert sorted(states) == [JobState.QUEUED, JobState.RUNNING, JobState.RUNNING]
        hearing.go.set()
        for job in jobs:
            while not (await found(house, job)).state.ended:
                await house.queue.ended(1.0)
    working.cancel()
    await asyncio.wait([working], timeout=10)


async def test_work_begins_when_a_job_arrives(house: House, uploads: UploadFolder) -> None:
    hearing = Hearing()
    working = asyncio.create_task(JobRunner(house.queue, uploads, hearing).run())
    new = await sent(house, uploads)
    async with asyncio.timeout(10):
        await hearing.began.wait()
        while not (await found(house, new)).state.ended:
            await house.queue.ended(1.0)
    working.cancel()
    await asyncio.wait([working], timeout=10)
