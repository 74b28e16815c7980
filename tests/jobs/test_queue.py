"""What a queue of jobs promises, for each kind of queue."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.queue import ClaimLost, JobQueue, JobsFull
from livecaption.jobs.records import Claim, DeliveryState, JobProblem, Kind, Order
from tests.jobs.queues import LIMITS, PER_OWNER, House, redis_house, sqlite_house
from tests.jobs.samples import a_job, a_transcript


@pytest.fixture(params=["sqlite", "redis"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    if request.param == "sqlite":
        async with sqlite_house(tmp_path) as found:
            yield found
    else:
        url = request.getfixturevalue("redis_url")
        async with redis_house(url, secrets.token_hex(4)) as found:
            yield found


async def claimed(queue: JobQueue) -> Claim:
    claim = await queue.claim()
    assert claim is not None
    return claim


async def test_a_job_goes_from_queued_over_running_to_done(house: House) -> None:
    new = a_job()
    job = await house.queue.submit(new)
    assert (job.state, job.options, job.file_name) == (JobState.QUEUED, new.options, "talk.mp3")
    claim = await claimed(house.queue)
    assert claim.job.id == new.id
    assert claim.job.state is JobState.RUNNING
    await house.queue.progress(claim, 2.0, 4.2)
    running = await house.queue.get(new.id)
    assert running is not None
    assert (running.done_s, running.duration_s) == (2.0, 4.2)
    house.clock.advance(3)
    await house.queue.finish(claim, a_transcript())
    done = await house.queue.get(new.id)
    assert done is not None
    assert (done.state, done.attempts, done.done_s) == (JobState.DONE, 1, 4.2)
    assert done.ended_at == house.clock.now
    assert await house.queue.result(new.id) == a_transcript()
    assert await house.queue.claim() is None


async def test_a_failed_job_says_why_and_has_no_result(house: House) -> None:
    await house.queue.submit(new := a_job())
    problem = JobProblem("damaged_media", "The file is broken.")
    await house.queue.fail(await claimed(house.queue), problem)
    failed = await house.queue.get(new.id)
    assert failed is not None
    assert (failed.state, failed.problem) == (JobState.FAILED, problem)
    assert await house.queue.result(new.id) is None


async def test_a_job_is_finished_once_and_by_nobody_else(house: House) -> None:
    await house.queue.submit(new := a_job())
    claim = await claimed(house.queue)
    with pytest.raises(ClaimLost):
        await house.queue.finish(replace(claim, token="another"), a_transcript("Wrong."))
    await house.queue.finish(claim, a_transcript())
    for again in (
        house.queue.finish(claim, a_transcript("Wrong.")),
        house.queue.fail(claim, JobProblem("late", "Too late.")),
        house.queue.progress(claim, 1.0, 2.0),
        house.queue.keep(claim),
    ):
        with pytest.raises(ClaimLost):
            await again
    assert await house.queue.result(new.id) == a_transcript()


async def test_two_workers_never_get_the_same_job(house: House) -> None:
    names = {(await house.queue.submit(a_job(f"k_{n}"))).id for n in range(4)}
    claims = await asyncio.gather(*(house.queue.claim() for _ in range(6)))
    got = [claim.job.id for claim in claims if claim is not None]
    while (claim := await house.queue.claim()) is not None:
        got.append(claim.job.id)
    assert sorted(got) == sorted(names)


async def test_owners_take_turns_and_none_has_more_than_its_share(house: House) -> None:
    for owner in ("k_a", "k_a", "k_a", "k_b"):
        await house.queue.submit(a_job(owner))
    owners = []
    while (claim := await house.queue.claim()) is not None:
        owners.append(claim.job.owner)
    assert owners == ["k_a", "k_b", "k_a"]  # two of one owner at once, and no third


async def test_what_an_owner_may_not_run_yet_runs_when_the_first_has_ended(house: House) -> None:
    for _ in range(3):
        await house.queue.submit(a_job())
    first, _ = await claimed(house.queue), await claimed(house.queue)
    assert await house.queue.claim() is None
    await house.queue.finish(first, a_transcript())
    await claimed(house.queue)


async def test_an_owner_with_too_many_jobs_is_refused(house: House) -> None:
    for _ in range(PER_OWNER):
        await house.queue.check_room("k_1")
        await house.queue.submit(a_job())
    with pytest.raises(JobsFull, match="of your jobs"):
        await house.queue.check_room("k_1")
    with pytest.raises(JobsFull):
        await house.queue.submit(a_job())
    await house.queue.submit(a_job("k_2"))
    claim = await claimed(house.queue)
    await house.queue.finish(claim, a_transcript())
    await house.queue.submit(a_job(claim.job.owner))


async def test_an_owner_may_be_allowed_less_or_more_than_others(house: House) -> None:
    await house.queue.submit(replace(a_job("k_1"), allowance=1))
    with pytest.raises(JobsFull):
        await house.queue.check_room("k_1", 1)
    with pytest.raises(JobsFull):
        await house.queue.submit(replace(a_job("k_1"), allowance=1))
    await house.queue.check_room("k_1", 2)


async def test_a_full_queue_refuses_everybody(house: House) -> None:
    for n in range(LIMITS.waiting):
        await house.queue.submit(a_job(f"k_{n}"))
    with pytest.raises(JobsFull, match="come back"):
        await house.queue.submit(a_job("k_other"))


async def test_jobs_are_listed_for_their_owner_newest_first_in_pages(house: House) -> None:
    mine = [(await house.queue.submit(a_job("k_1"))).id for _ in range(3)]
    await house.queue.submit(a_job("k_2"))
    listed = await house.queue.list_jobs("k_1", limit=2)
    assert [job.id for job in listed] == [mine[2], mine[1]]
    rest = await house.queue.list_jobs("k_1", limit=2, before=mine[1])
    assert [job.id for job in rest] == [mine[0]]
    assert await house.queue.list_jobs("k_3", limit=10) == []


async def test_a_cancelled_job_is_gone_and_never_claimed(house: House) -> None:
    await house.queue.submit(new := a_job())
    assert await house.queue.cancel(new.id)
    assert await house.queue.get(new.id) is None
    assert await house.queue.claim() is None
    assert not await house.queue.cancel(new.id)


async def test_a_running_job_that_is_cancelled_is_gone_and_its_worker_stops(house: House) -> None:
    await house.queue.submit(new := a_job(orders=(Order(Kind.WEBHOOK, "https://a.example"),)))
    claim = await claimed(house.queue)
    assert await house.queue.cancel(new.id)
    assert await house.queue.get(new.id) is None
    assert await house.queue.list_jobs("k_1", limit=10) == []
    with pytest.raises(ClaimLost):
        await house.queue.progress(claim, 1.0, 4.0)
    with pytest.raises(ClaimLost):
        await house.queue.finish(claim, a_transcript())
    await house.queue.release(claim)
    assert await house.queue.claim() is None
    assert await house.queue.deliveries.take() is None
    assert await house.queue.result(new.id) is None


async def test_a_done_job_that_is_deleted_takes_its_result_along(house: House) -> None:
    await house.queue.submit(new := a_job())
    await house.queue.finish(await claimed(house.queue), a_transcript())
    assert await house.queue.cancel(new.id)
    assert await house.queue.result(new.id) is None
    assert await house.queue.get(new.id) is None


async def test_a_job_given_back_has_not_been_tried(house: House) -> None:
    await house.queue.submit(new := a_job())
    for _ in range(5):
        claim = await claimed(house.queue)
        assert claim.job.attempts == 1
        await house.queue.release(claim)
    job = await house.queue.get(new.id)
    assert job is not None
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)


async def test_a_job_whose_process_died_is_tried_once_more_then_failed(house: House) -> None:
    await house.queue.submit(new := a_job())
    await claimed(house.queue)
    queue = await house.die()
    assert (await queue.recover()).again == 1
    claim = await claimed(queue)
    assert claim.job.attempts == 2
    queue = await house.die()
    assert (await queue.recover()).failed == 1
    job = await queue.get(new.id)
    assert job is not None
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert job.problem.code == "process_died"
    assert await queue.claim() is None


async def test_the_claim_of_a_dead_process_is_worth_nothing(house: House) -> None:
    await house.queue.submit(new := a_job())
    old = await claimed(house.queue)
    queue = await house.die()
    await queue.recover()
    claim = await claimed(queue)
    with pytest.raises(ClaimLost):
        await queue.finish(old, a_transcript("Wrong."))
    await queue.finish(claim, a_transcript())
    assert await queue.result(new.id) == a_transcript()


async def test_what_waits_and_what_is_done_outlives_the_process(house: House) -> None:
    first = await house.queue.submit(a_job())
    waiting = await house.queue.submit(a_job())
    await house.queue.finish(await claimed(house.queue), a_transcript())
    queue = await house.die()
    recovered = await queue.recover()
    assert (recovered.again, recovered.failed) == (0, 0)
    assert await queue.result(first.id) == a_transcript()
    assert (await claimed(queue)).job.id == waiting.id


async def test_a_delivery_is_due_when_its_job_has_ended(house: House) -> None:
    order = Order(Kind.WEBHOOK, "https://a.example/hook")
    await house.queue.submit(new := a_job(orders=(order,)))
    claim = await claimed(house.queue)
    box = house.queue.deliveries
    assert await box.take() is None
    assert await box.next_at() is None
    await house.queue.finish(claim, a_transcript())
    assert await box.next_at() == house.clock.now
    delivery = await box.take()
    assert delivery is not None
    assert (delivery.job, delivery.kind, delivery.target) == (new.id, Kind.WEBHOOK, order.target)


async def test_a_delivery_is_handed_out_once_a_minute_until_it_is_settled(house: House) -> None:
    await house.queue.submit(new := a_job(orders=(Order(Kind.WEBHOOK, "https://a.example"),)))
    await house.queue.fail(await claimed(house.queue), JobProblem("x", "X."))
    box = house.queue.deliveries
    assert await box.take() is not None
    assert await box.take() is None
    house.clock.advance(61)
    delivery = await box.take()
    assert delivery is not None
    later = house.clock.now + 5
    await box.settle(replace(delivery, attempts=1, due_at=later, problem="It answered 500."))
    assert await box.next_at() == later
    assert await box.take() is None
    house.clock.advance(5)
    delivery = await box.take()
    assert delivery is not None
    assert (delivery.attempts, delivery.problem) == (1, "It answered 500.")
    await box.settle(replace(delivery, state=DeliveryState.DEAD, attempts=2, due_at=None))
    assert await box.next_at() is None
    job = await house.queue.get(new.id)
    assert job is not None
    assert [(d.state, d.attempts) for d in job.deliveries] == [(DeliveryState.DEAD, 2)]


async def test_settling_a_delivery_of_a_deleted_job_brings_nothing_back(house: House) -> None:
    await house.queue.submit(new := a_job(orders=(Order(Kind.S3, "s3://b/p"),)))
    await house.queue.finish(await claimed(house.queue), a_transcript())
    delivery = await house.queue.deliveries.take()
    assert delivery is not None
    await house.queue.cancel(new.id)
    await house.queue.deliveries.settle(replace(delivery, attempts=1))
    assert await house.queue.get(new.id) is None
    assert await house.queue.deliveries.next_at() is None


async def test_old_jobs_are_forgotten_but_not_before_they_are_delivered(house: House) -> None:
    old = await house.queue.submit(a_job(orders=(Order(Kind.WEBHOOK, "https://a.example"),)))
    await house.queue.finish(await claimed(house.queue), a_transcript())
    waiting = await house.queue.submit(a_job())
    house.clock.advance(100)
    assert await house.queue.sweep(ended_before=house.clock.now) == 0
    delivery = await house.queue.deliveries.take()
    assert delivery is not None
    await house.queue.deliveries.settle(
        replace(delivery, state=DeliveryState.DELIVERED, due_at=None)
    )
    assert await house.queue.sweep(ended_before=house.clock.now - 200) == 0
    assert await house.queue.sweep(ended_before=house.clock.now) == 1
    assert await house.queue.get(old.id) is None
    assert await house.queue.get(waiting.id) is not None


async def test_uploads_are_needed_until_their_jobs_have_ended(house: House) -> None:
    ids = [(await house.queue.submit(a_job())).id for _ in range(3)]
    await house.queue.finish(await claimed(house.queue), a_transcript())
    await claimed(house.queue)
    assert await house.queue.needed() == {ids[1], ids[2]}


async def test_waiting_for_work_ends_when_a_job_arrives(house: House) -> None:
    await house.queue.arrival(0.05)
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        waiting = tasks.create_task(house.queue.arrival(9.0))
        await asyncio.sleep(0)
        await house.queue.submit(a_job())
        await waiting
