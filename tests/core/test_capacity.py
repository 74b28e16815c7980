from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.capacity import (
    AdmissionPolicy,
    Admit,
    EngineLoad,
    Refuse,
    decide,
    lag,
    needed_hop,
    places,
)

POLICY = AdmissionPolicy()
LOAD = EngineLoad(speakers=0, row_s=0.04, batch_s=0.2, duty=0.75, pauses_per_s=0.1)

loads = st.builds(
    EngineLoad,
    speakers=st.integers(0, 500),
    row_s=st.floats(0.0005, 0.5),
    batch_s=st.floats(0.001, 1.0),
    workers=st.integers(1, 8),
    duty=st.floats(0.05, 1.0),
    pauses_per_s=st.floats(0.0, 0.5),
)


def most_speakers(load: EngineLoad, policy: AdmissionPolicy = POLICY) -> int:
    return sum(1 for n in range(1, 3000) if needed_hop(n, load, policy) is not None)


def test_the_first_speaker_gets_the_policys_own_hop() -> None:
    answer = decide(LOAD, POLICY)
    assert isinstance(answer, Admit)
    assert answer.hop_s == 0.5
    assert answer.utilisation == pytest.approx(0.75 * (2 + 0.1) * 0.04)
    assert 0.5 < answer.lag_s < 1.0


def test_hops_stretch_before_anybody_is_refused() -> None:
    # One row each 40 ms is 25 windows a second, 21 of which may be used.
    answers = [decide(replace(LOAD, speakers=n), POLICY) for n in range(60)]
    hops = [answer.hop_s for answer in answers if isinstance(answer, Admit)]
    assert hops == sorted(hops)
    assert (hops[0], hops[12]) == (0.5, 0.5)
    assert 1.9 < hops[-1] <= 2.0
    assert [isinstance(answer, Refuse) for answer in answers] == sorted(
        isinstance(answer, Refuse) for answer in answers
    )
    assert len(hops) == 47


def test_a_refusal_says_when_the_next_speaker_will_probably_have_left() -> None:
    answer = decide(replace(LOAD, speakers=99, stay_s=1000.0), POLICY)
    assert isinstance(answer, Refuse)
    assert answer.retry_after_s == 10.0
    assert answer.utilisation == pytest.approx(100 * 0.75 * 0.6 * 0.04)


@pytest.mark.parametrize(("stay_s", "retry_s"), [(1.0, 2.0), (1e6, 60.0)])
def test_nobody_is_sent_away_for_less_than_two_seconds_or_more_than_a_minute(
    stay_s: float, retry_s: float
) -> None:
    answer = decide(replace(LOAD, speakers=99, stay_s=stay_s), POLICY)
    assert isinstance(answer, Refuse)
    assert answer.retry_after_s == retry_s


def test_a_few_speakers_are_let_in_while_nothing_is_known() -> None:
    unknown = replace(LOAD, row_s=None)
    assert decide(replace(unknown, speakers=7), POLICY) == Admit(0.5, 0.0, 0.5)
    assert decide(replace(unknown, speakers=8), POLICY) == Refuse(2.0, 0.0)


def test_a_slow_engine_lets_nobody_in_whatever_the_arithmetic_says() -> None:
    assert isinstance(decide(replace(LOAD, turnaround_s=1.6), POLICY), Refuse)


def test_pauses_alone_can_fill_an_engine() -> None:
    assert needed_hop(100, replace(LOAD, pauses_per_s=1.0), POLICY) is None


def test_a_word_waits_for_ever_behind_an_engine_that_cannot_keep_up() -> None:
    assert lag(1000, 0.5, LOAD) == math.inf


@given(loads)
def test_who_is_let_in_leaves_the_engine_its_reserve(load: EngineLoad) -> None:
    answer = decide(load, POLICY)
    if isinstance(answer, Admit):
        assert answer.utilisation <= POLICY.most_utilisation + 1e-9
        assert POLICY.hop_s <= answer.hop_s <= POLICY.most_hop_s
        assert math.isfinite(answer.lag_s)
    else:
        assert answer.utilisation > POLICY.most_utilisation - 1e-9


@given(loads)
def test_more_workers_and_cheaper_windows_never_carry_fewer_speakers(load: EngineLoad) -> None:
    carried = most_speakers(load)
    assert most_speakers(replace(load, workers=load.workers + 1)) >= carried
    assert load.row_s is not None
    assert most_speakers(replace(load, row_s=load.row_s / 2)) >= carried


@pytest.mark.parametrize(
    ("hop_s", "most_utilisation", "sentence"),
    [
        (0.0, 0.85, "hop_s 0.0 must be in"),
        (3.0, 0.85, "hop_s 3.0 must be in"),
        (0.5, 1.0, "most_utilisation 1.0 must be in"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    hop_s: float, most_utilisation: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        AdmissionPolicy(hop_s=hop_s, most_utilisation=most_utilisation)


def test_the_places_are_as_many_as_are_admitted_one_after_the_other() -> None:
    policy = AdmissionPolicy(hop_s=0.25, most_hop_s=2.0)
    load = EngineLoad(speakers=0, row_s=0.03, workers=2)
    most = places(load, policy)
    assert most is not None
    assert isinstance(decide(replace(load, speakers=most - 1), policy), Admit)
    assert isinstance(decide(replace(load, speakers=most), policy), Refuse)


def test_nobody_knows_the_places_before_anything_was_decoded() -> None:
    assert places(EngineLoad(speakers=0, row_s=None), AdmissionPolicy()) is None
