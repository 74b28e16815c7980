"""How long the stages of a decode take, from several engine threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from livecaption.engine.base import Staged
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.engine.stages import Stage, StageClock


def test_every_stage_is_there_from_the_start() -> None:
    assert {stage: tally.count for stage, tally in StageClock().took.items()} == dict.fromkeys(
        Stage, 0
    )


def test_a_block_is_counted_also_when_it_fails() -> None:
    clock = StageClock()
    with pytest.raises(RuntimeError), clock.timing(Stage.ENCODE):
        raise RuntimeError("out of memory")
    assert clock.took[Stage.ENCODE].count == 1
    assert clock.took[Stage.ENCODE].total >= 0


def test_no_batch_of_any_thread_is_missed() -> None:
    clock = StageClock()

    def work(_: int) -> None:
        for _ in range(200):
            with clock.timing(Stage.GENERATE):
                pass

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert clock.took[Stage.GENERATE].count == 1600


def test_what_was_handed_out_does_not_change_and_clearing_forgets() -> None:
    clock = StageClock()
    before = clock.took
    with clock.timing(Stage.ALIGN):
        pass
    assert before[Stage.ALIGN].count == 0
    clock.clear()
    assert clock.took[Stage.ALIGN].count == 0


def test_an_engine_without_stages_is_an_engine_all_the_same() -> None:
    assert not isinstance(ScriptedTranscriber(), Staged)
