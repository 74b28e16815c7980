from __future__ import annotations

import asyncio

import pytest

from livecaption.files.turns import Turns


async def test_files_somebody_waits_for_go_first_and_the_earliest_goes_on() -> None:
    turns = Turns()
    job, first, second = (turns.arrive(background=b) for b in (True, False, False))
    order: list[str] = []
    holding, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with turns.turn(job):
            holding.set()
            await leave.wait()

    async def take(name: str, place: object) -> None:
        async with turns.turn(place):  # type: ignore[arg-type]
            order.append(name)

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(hold())
        await holding.wait()
        for name, place in (("job", job), ("second", second), ("first", first)):
            tasks.create_task(take(name, place))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leave.set()
    assert order == ["first", "second", "job"]


async def test_a_turn_given_up_is_not_lost() -> None:
    turns = Turns()
    place = turns.arrive(background=False)
    async with asyncio.timeout(5):
        async with turns.turn(place):
            waiting = [asyncio.create_task(_take(turns)) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        waiting[1].cancel()  # at the moment in which its turn came
        await asyncio.gather(*waiting, return_exceptions=True)
        assert waiting[2].result() == "mine"
        async with turns.turn(place):
            pass


async def test_two_may_run_at_a_time() -> None:
    turns = Turns(2)
    place = turns.arrive(background=False)
    async with asyncio.timeout(5), turns.turn(place), turns.turn(place):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), turns.turn(place):
                pass


async def _take(turns: Turns) -> str:
    async with turns.turn(turns.arrive(background=False)):
        return "mine"
