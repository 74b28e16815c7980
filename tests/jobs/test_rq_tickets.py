"""Workers that hear of work through RQ, with a real Redis."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from livecaption.errors import OperatorError
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.queue import JobQueue
from livecaption.jobs.records import NewJob
from livecaption.jobs.redis_queue import RedisJobQueue
from livecaption.jobs.redis_tables import QueueUnavailable, RedisTables, connect
from livecaption.jobs.rq_tickets import RqTickets, RqWorkers
from livecaption.jobs.runner import JobRunner
from livecaption.jobs.uploads import UploadFolder
from tests.jobs.hearing import Hearing
from tests.jobs.queues import LIMITS, PER_OWNER, redis_queue
from tests.jobs.samples import Clock, a_job, a_transcript


@pytest.fixture
def name() -> str:
    return secrets.token_hex(4)


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    folder = UploadFolder(tmp_path / "uploads", max_bytes=10**6, reserve_bytes=0)
    folder.prepare()
    return folder


async def sent(queue: JobQueue, uploads: UploadFolder, owner: str = "k_1") -> NewJob:
    new = a_job(owner)
    with uploads.receive(new.id) as file:
        file.write(b"sound")
    await queue.submit(new)
    return new


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - happens in another program
            await asyncio.sleep(0.02)


async def until_ended(queue: JobQueue, new: NewJob) -> JobState:
    async with asyncio.timeout(30):
        while True:
            job = await queue.get(new.id)
            assert job is not None
            if job.state.ended:
                return job.state
            await queue.ended(0.2)


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=30)


async def test_a_worker_elsewhere_does_the_work(
    redis_url: str, name: str, uploads: UploadFolder
) -> None:
    server, host = redis_queue(redis_url, name), redis_queue(redis_url, name)
    workers = RqWorkers(redis_url, JobRunner(host, uploads, Hearing()), name=name)
    running = asyncio.create_task(workers.run())
    jobs = [await sent(server, uploads, f"k_{n}") for n in range(3)]
    assert [await until_ended(server, job) for job in jobs] == [JobState.DONE] * 3
    assert await server.result(jobs[0].id) == a_transcript()
    assert list(uploads.path.iterdir()) == []
    await stopped(running)
    with redis.Redis.from_url(redis_url) as client:
        queue = Queue(name, connection=client, serializer=JSONSerializer)
        assert Worker.count(queue=queue) == 0
        assert (queue.count, queue.started_job_registry.count) == (0, 0)
    await server.aclose()
    await host.aclose()


async def test_rq_shows_the_worker_busy_and_a_stop_gives_the_job_back(
    redis_url: str, name: str, uploads: UploadFolder
) -> None:
    queue = redis_queue(redis_url, name)
    hearing = Hearing(waits=True)
    running = asyncio.create_task(
        RqWorkers(redis_url, JobRunner(queue, uploads, hearing), name=name).run()
    )
    new = await sent(queue, uploads)
    async with asyncio.timeout(30):
        await hearing.began.wait()
    with redis.Redis.from_url(redis_url) as client:
        rq = Queue(name, connection=client, serializer=JSONSerializer)
        assert [worker.get_state() for worker in Worker.all(queue=rq)] == ["busy"]
        assert rq.started_job_registry.count == 1
        await stopped(running)
        job = await queue.get(new.id)
        assert job is not None
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)
        assert rq.count >= 1, "another worker hears of it"
    await queue.aclose()


async def test_owners_get_their_places_back_although_tickets_are_used_up(
    redis_url: str, name: str, uploads: UploadFolder
) -> None:
    queue = redis_queue(redis_url, name)
    jobs = [await sent(queue, uploads, "k_1") for _ in range(PER_OWNER)]
    hearing = Hearing(waits=True)
    running = asyncio.create_task(
        RqWorkers(redis_url, JobRunner(queue, uploads, hearing), count=3, name=name).run()
    )
    tickets = RqTickets(redis_url, name)
    await until(lambda: len(hearing.heard) == LIMITS.running_per_owner)
    async with asyncio.timeout(30):
        # The third one is drawn, and finds nothing to do.
        while await tickets.out():  # noqa: ASYNC110 - in another program
            await asyncio.sleep(0.02)
    hearing.go.set()
    assert [await until_ended(queue, job) for job in jobs] == [JobState.DONE] * 3
    await stopped(running)
    await queue.aclose()


async def test_a_lost_ticket_is_made_up_for(
    redis_url: str, name: str, uploads: UploadFolder
) -> None:
    queue = redis_queue(redis_url, name)
    new = await sent(queue, uploads)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(Queue(name, connection=client, serializer=JSONSerializer).key)
    await queue.recover()
    await queue.recover()
    assert await RqTickets(redis_url, name).out() == 1
    running = asyncio.create_task(
        RqWorkers(redis_url, JobRunner(queue, uploads, Hearing()), name=name).run()
    )
    assert await until_ended(queue, new) is JobState.DONE
    await stopped(running)
    await queue.aclose()


async def test_a_claim_that_is_kept_is_not_taken_back(redis_url: str, name: str) -> None:
    clock = Clock()
    queue = redis_queue(redis_url, name, clock)
    await queue.submit(a_job())
    claim = await queue.claim()
    assert claim is not None
    for _ in range(5):
        clock.advance(queue.keep_s)
        await queue.keep(claim)
        assert (await queue.recover()).again == 0
    await queue.finish(claim, a_transcript())
    await queue.aclose()


async def test_a_redis_that_does_not_answer_is_said_to_the_client(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/nobody.sock"
    queue = RedisJobQueue(RedisTables(connect(url), "x"), RqTickets(url, "x"), LIMITS)
    with pytest.raises(QueueUnavailable):
        await queue.submit(a_job())
    with pytest.raises(QueueUnavailable):
        await queue.get("j_x")
    with pytest.raises(QueueUnavailable):
        await RqTickets(url, "x").issue()
    await queue.aclose()


def test_a_malformed_address_is_not_repeated() -> None:
    with pytest.raises(OperatorError) as caught:
        connect("http://user:secret@host")
    assert "secret" not in str(caught.value)
