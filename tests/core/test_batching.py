from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.batching import (
    FINAL_PRIORITY_S,
    BatchKey,
    BatchPolicy,
    CostModel,
    PendingWindow,
)

GREEDY, BEAM = 1, 5


def window(
    session: str,
    arrived: float = 0.0,
    *,
    number: int = 1,
    final: bool = False,
    bucket: int = 1000,
    context: int = 0,
) -> PendingWindow:
    return PendingWindow(session, number, BatchKey(GREEDY, context), bucket, arrived, final)


def selected(pending: list[PendingWindow], costs: CostModel | None = None, rows: int = 8) -> str:
    """The sessions that run now, in order."""
    batch = BatchPolicy(max_rows=rows).select(pending, costs or CostModel())
    return " ".join(window.session for window in batch)


def test_nothing_waits_and_nothing_runs() -> None:
    assert selected([]) == ""


def test_the_window_that_arrived_first_leads() -> None:
    assert selected([window("b", 2.0), window("a", 1.0), window("c", 3.0)]) == "a b c"


def test_a_final_ranks_a_little_earlier_than_it_arrived() -> None:
    early, late = window("b", 1.2, final=True), window("b", 1.1 + FINAL_PRIORITY_S, final=True)
    assert selected([window("a", 1.0), early]) == "b a"
    assert selected([window("a", 1.0), late]) == "a b"


def test_windows_with_another_key_wait() -> None:
    pending = [window("a", 1.0), window("b", 2.0, context=64), window("c", 3.0)]
    assert selected(pending) == "a c"


def test_a_session_waits_for_its_own_earlier_request() -> None:
    first, second = window("a", 2.0, number=1), window("a", 1.0, number=2)
    assert BatchPolicy().select([second, first], CostModel()) == [first]
    assert BatchPolicy().select([first, second], CostModel()) == [first]


def test_a_window_more_than_twice_as_long_waits() -> None:
    pending = [window("a", 1.0), window("b", 2.0, bucket=3000), window("c", 3.0, bucket=2000)]
    assert selected(pending) == "a c"


def test_no_more_rows_than_the_engine_takes() -> None:
    assert selected([window(name, 1.0) for name in "abcd"], rows=3) == "a b c"


def test_windows_join_while_the_batch_is_predicted_to_be_quick_enough() -> None:
    costs = CostModel()
    costs.observe(GREEDY, 1000, 1, 0.1)
    assert selected([window(name) for name in "abcd"], costs) == "a b c"


def test_the_longest_row_decides_what_a_batch_costs() -> None:
    costs = CostModel()
    costs.observe(GREEDY, 1000, 1, 0.1)
    pending = [window("a", 1.0), window("b", 2.0, bucket=2000), window("c", 3.0)]
    assert selected(pending, costs) == "a c"


def test_when_many_wait_a_third_of_them_run_together_however_long_it_takes() -> None:
    costs = CostModel()
    costs.observe(GREEDY, 1000, 1, 5.0)
    assert selected([window(name) for name in "ab"], costs) == "a"
    assert selected([window(name) for name in "abcdefghi"], costs) == "a b c"


def test_nothing_is_known_before_the_first_batch() -> None:
    costs = CostModel()
    costs.observe(BEAM, 1000, 1, 0.5)
    assert costs.predict(GREEDY, 1000, 4) == 0.0


def test_an_unknown_bucket_is_scaled_from_the_nearest_known_one() -> None:
    costs = CostModel()
    costs.observe(GREEDY, 1000, 2, 0.1)
    costs.observe(GREEDY, 3000, 2, 0.9)
    assert costs.predict(GREEDY, 1250, 2) == pytest.approx(0.125)
    assert costs.predict(GREEDY, 2500, 2) == pytest.approx(0.75)


def test_rows_never_seen_are_guessed_to_share_part_of_the_time() -> None:
    costs = CostModel()
    costs.observe(GREEDY, 1000, 1, 0.1)
    costs.observe(GREEDY, 3000, 1, 0.9)
    assert 0.1 < costs.predict(GREEDY, 1000, 2) < 0.2
    per_row = 0.1 * (1 - CostModel.SHARED)
    assert costs.predict(GREEDY, 1000, 4) == pytest.approx(0.1 + 3 * per_row)


def test_newer_batches_move_the_expectation() -> None:
    costs = CostModel(weight=0.5)
    costs.observe(GREEDY, 1000, 1, 0.1)
    costs.observe(GREEDY, 1000, 1, 0.3)
    assert costs.predict(GREEDY, 1000, 1) == pytest.approx(0.2)


@st.composite
def waiting(draw: st.DrawFn) -> list[PendingWindow]:
    """Requests of a few sessions, each numbered in the order its requests were made."""
    made: dict[str, int] = defaultdict(int)
    pending = []
    for session in draw(st.lists(st.sampled_from("abcde"), max_size=25)):
        made[session] += 1
        pending.append(
            window(
                session,
                draw(st.floats(0, 10)),
                number=made[session],
                final=draw(st.booleans()),
                bucket=draw(st.sampled_from([1000, 1250, 1500, 2000, 3000])),
                context=draw(st.sampled_from([0, 64])),
            )
        )
    return draw(st.permutations(pending))


@given(pending=waiting(), rows=st.integers(1, 4), seconds=st.floats(0.01, 2))
def test_every_request_runs_once_in_the_order_of_its_session(
    pending: list[PendingWindow], rows: int, seconds: float
) -> None:
    policy, costs = BatchPolicy(max_rows=rows), CostModel()
    ran: dict[str, list[int]] = defaultdict(list)
    left = list(pending)
    while left:
        batch = policy.select(left, costs)
        assert 1 <= len(batch) <= rows
        assert len({window.key for window in batch}) == 1
        assert len({window.session for window in batch}) == len(batch)
        assert max(window.bucket for window in batch) <= 2 * batch[0].bucket
        for run in batch:
            left.remove(run)
            ran[run.session].append(run.number)
        largest = max(window.bucket for window in batch)
        costs.observe(batch[0].key.beam_size, largest, len(batch), seconds)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in ran.values())
    assert sum(map(len, ran.values())) == len(pending)


@given(pending=waiting())
def test_nobody_starves_because_the_request_that_is_due_first_always_leads(
    pending: list[PendingWindow],
) -> None:
    firsts = [
        w for w in pending if w.number == min(o.number for o in pending if o.session == w.session)
    ]
    batch = BatchPolicy().select(pending, CostModel())
    assert [w.due for w in batch[:1]] == [w.due for w in sorted(firsts, key=lambda w: w.due)][:1]


def test_a_busy_engine_fills_its_batches_as_far_as_the_time_allows() -> None:
    costs = CostModel()
    assert costs.busy(8, 0.25) is None
    costs.observe(5, 1000, 1, 9.0)
    assert costs.busy(8, 0.25) is None  # a beam says nothing about greedy batches
    costs.observe(1, 1000, 1, 0.1)
    seconds, rows = costs.busy(8, 0.25) or (0.0, 0)
    assert rows == 3
    assert seconds == pytest.approx(0.1 * (0.4 + 0.6 * 3))
    seconds, rows = costs.busy(2, 0.25) or (0.0, 0)
    assert rows == 2
    assert seconds == pytest.approx(0.1 * (0.4 + 0.6 * 2))
    seconds, rows = costs.busy(8, 0.01) or (0.0, 0)
    assert rows == 1
    assert seconds == pytest.approx(0.1)


def test_the_usual_length_of_windows_is_followed_slowly() -> None:
    costs = CostModel()
    costs.observe(1, 1000, 1, 0.1)
    costs.observe(1, 2000, 1, 0.2)
    seconds, _ = costs.busy(1, 1.0) or (0.0, 0)
    assert seconds == pytest.approx(0.12, rel=0.01)
