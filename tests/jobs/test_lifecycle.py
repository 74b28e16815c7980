"""The table of a job's states."""

from __future__ import annotations

import itertools

import pytest

from livecaption.jobs.lifecycle import TRANSITIONS, JobState, NotPossible, Step, after, lost


def test_every_step_is_in_the_table_or_refused() -> None:
    for state, step in itertools.product(JobState, Step):
        if (state, step) in TRANSITIONS:
            assert after(state, step) is TRANSITIONS[state, step]
        else:
            with pytest.raises(NotPossible):
                after(state, step)


def test_nothing_happens_to_a_job_that_has_ended() -> None:
    assert {state for state, _ in TRANSITIONS} == {s for s in JobState if not s.ended}


def test_every_state_can_be_reached_and_every_running_job_can_end() -> None:
    assert set(TRANSITIONS.values()) == set(JobState)
    ways_out = {after(JobState.RUNNING, step) for s, step in TRANSITIONS if s is JobState.RUNNING}
    assert {JobState.DONE, JobState.FAILED, JobState.CANCELLED} <= ways_out


def test_a_process_may_die_once_with_a_job() -> None:
    assert [lost(attempts) for attempts in (1, 2, 3)] == [Step.LOSE, Step.GIVE_UP, Step.GIVE_UP]
