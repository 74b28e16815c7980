"""Carrying results out: again and again, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.file_transcript import FileTranscript
from livecaption.jobs.courier import Courier, NotDelivered, Patience
from livecaption.jobs.queue import QueueLimits
from livecaption.jobs.records import DeliveryState, Job, JobProblem, Kind, Order
from livecaption.jobs.redis_queue import RedisJobQueue
from livecaption.jobs.redis_tables import RedisTables, connect
from livecaption.jobs.rq_tickets import RqTickets
from tests.jobs.queues import House, sqlite_house
from tests.jobs.samples import a_job, a_transcript
from tests.serving import within

HOOK = Order(Kind.WEBHOOK, "https://a.example/hook")


@dataclass
class Road:
    """A carrier that fails as its script says."""

    failures: list[NotDelivered] = field(default_factory=list)
    arrived: list[tuple[str, str, FileTranscript | None]] = field(default_factory=list)

    async def carry(self, target: str, job: Job, transcript: FileTranscript | None) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.arrived.append((target, job.id, transcript))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with sqlite_house(tmp_path) as found:
        yield found


async def ended(house: House, problem: JobProblem | None = None) -> str:
    await house.queue.submit(new := a_job(orders=(HOOK,)))
    claim = await house.queue.claim()
    assert claim is not None
    if problem is None:
        await house.queue.finish(claim, a_transcript())
    else:
        await house.queue.fail(claim, problem)
    return new.id


async def state(house: House, job_id: str) -> tuple[DeliveryState, int, str | None]:
    job = await house.queue.get(job_id)
    assert job is not None
    (delivery,) = job.deliveries
    return delivery.state, delivery.attempts, delivery.problem


async def test_a_result_arrives_with_its_transcript(house: House) -> None:
    road = Road()
    job_id = await ended(house)
    courier = Courier(house.queue, {Kind.WEBHOOK: road}, clock=house.clock)
    assert await courier.deliver_one()
    assert road.arrived == [(HOOK.target, job_id, a_transcript())]
    assert await state(house, job_id) == (DeliveryState.DELIVERED, 1, None)
    assert not await courier.deliver_one()


async def test_a_failure_is_told_too(house: House) -> None:
    road = Road()
    job_id = await ended(house, JobProblem("x", "X."))
    await Courier(house.queue, {Kind.WEBHOOK: road}, clock=house.clock).deliver_one()
    assert road.arrived == [(HOOK.target, job_id, None)]


async def test_it_is_tried_again_later_and_that_outlives_the_process(house: House) -> None:
    job_id = await ended(house)
    road = Road([NotDelivered("It answered 500.")])
    await Courier(
        house.queue, {Kind.WEBHOOK: road}, clock=house.clock, luck=lambda: 0.0
    ).deliver_one()
    assert await state(house, job_id) == (DeliveryState.PENDING, 1, "It answered 500.")
    queue = await house.die()
    courier = Courier(queue, {Kind.WEBHOOK: road}, clock=house.clock, luck=lambda: 0.0)
    assert not await courier.deliver_one()
    house.clock.advance(5.0)
    assert await courier.deliver_one()
    assert [arrived[1] for arrived in road.arrived] == [job_id]


async def test_after_eight_retries_it_is_given_up_where_its_owner_sees_it(house: House) -> None:
    job_id = await ended(house)
    road = Road([NotDelivered(f"Failure {n}.") for n in range(1, 20)])
    courier = Courier(house.queue, {Kind.WEBHOOK: road}, clock=house.clock)
    while (due_at := await house.queue.deliveries.next_at()) is not None:
        house.clock.now = max(house.clock.now, due_at)
        await courier.deliver_one()
    assert await state(house, job_id) == (DeliveryState.DEAD, 9, "Failure 9.")


async def test_what_is_refused_for_good_is_not_tried_again(house: House) -> None:
    job_id = await ended(house)
    road = Road([NotDelivered("The address is private.", for_good=True)])
    await Courier(house.queue, {Kind.WEBHOOK: road}, clock=house.clock).deliver_one()
    assert await state(house, job_id) == (DeliveryState.DEAD, 1, "The address is private.")


async def test_a_way_out_that_does_not_exist_any_more_is_said(house: House) -> None:
    job_id = await ended(house)
    await Courier(house.queue, {}, clock=house.clock).deliver_one()
    assert (await state(house, job_id))[0] is DeliveryState.DEAD


async def test_it_hears_of_results_while_it_runs(house: House) -> None:
    road = Road()
    running = asyncio.create_task(
        Courier(house.queue, {Kind.WEBHOOK: road}, clock=house.clock).run()
    )
    job_id = await ended(house)
    async with asyncio.timeout(10):
        while (await state(house, job_id))[0] is DeliveryState.PENDING:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running], timeout=10)


@given(failures=st.integers(1, 8), luck=st.floats(0, 1))
def test_pauses_grow_from_seconds_to_an_hour_and_are_spread(failures: int, luck: float) -> None:
    patience = Patience()
    longest = patience.pause(failures, 0.0)
    assert longest / 2 <= patience.pause(failures, luck) <= longest
    assert 5.0 <= longest <= 3600.0 + 1e-6
    if failures > 1:
        assert longest > patience.pause(failures - 1, 0.0)
    assert patience.pause(8, 0.0) == pytest.approx(3600.0)


async def test_a_queue_that_cannot_be_reached_is_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"unix://{tmp_path}/nobody.sock"
    queue = RedisJobQueue(RedisTables(connect(url), "lc"), RqTickets(url), QueueLimits())
    running = asyncio.create_task(Courier(queue, {}).run())
    try:
        await within(lambda: "cannot be delivered" in caplog.text, 60)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await queue.aclose()
    assert "Redis does not answer" in caplog.text
    assert "Traceback" not in caplog.text
