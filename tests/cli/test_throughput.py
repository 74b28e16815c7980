"""The estimate of how many speakers fit, with an engine that costs what the test says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livecaption.cli.findings import Status
from livecaption.cli.throughput import WINDOW_S, estimate, measure
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.batching import CostModel
from livecaption.core.decode import DecodeRequest
from livecaption.engine.scripted import ScriptedTranscriber

SPEECH = np.zeros(30 * SAMPLE_RATE, dtype=np.int16)


class Machine:
    """A clock that only decoding moves: ``shared`` and ``each`` seconds of a batch."""

    def __init__(self, shared: float, each: float) -> None:
        self.now = 0.0
        self.rows: list[int] = []
        self._shared, self._each = shared, each
        self.engine = ScriptedTranscriber(before_batch=self._decode)

    def _decode(self, requests: Sequence[DecodeRequest]) -> None:
        self.now += self._shared + self._each * len(requests)
        self.rows.append(len(requests))
        assert all(len(request.audio) == WINDOW_S * SAMPLE_RATE for request in requests)

    def clock(self) -> float:
        return self.now


def test_batches_of_every_size_are_measured_once_they_are_warm() -> None:
    machine = Machine(0.01, 0.01)
    costs = measure(machine.engine, SPEECH, 8, machine.clock)
    assert machine.rows == [1] * 4 + [2] * 4 + [4] * 4 + [8] * 4
    assert costs.predict(1, 1000, 8) == pytest.approx(0.09)


def test_a_slow_machine_is_not_made_to_wait() -> None:
    machine = Machine(4.0, 1.0)
    costs = measure(machine.engine, SPEECH, 64, machine.clock)
    assert machine.now < 20
    assert costs.busy(64, 0.25) == (5.0, 1)


@pytest.mark.parametrize(
    ("shared", "each", "status", "says"),
    [
        # 0.85 × 2 s / (0.75 × 0.02 s × (1 + 2 × 0.35)) places
        (0.0, 0.02, Status.OK, "about 66 speakers"),
        (3.0, 0.0, Status.WARN, "about 0 speakers"),
    ],
)
def test_the_estimate_is_what_admission_would_let_in(
    shared: float, each: float, status: Status, says: str
) -> None:
    machine = Machine(shared, each)
    costs = measure(machine.engine, SPEECH, 8, machine.clock)
    found = estimate(machine.engine.info, costs, stand_in=False, max_rows=8)
    assert found.status is status
    assert says in found.detail


def test_a_model_that_stands_in_for_another_is_said_to() -> None:
    machine = Machine(0.0, 0.01)
    costs = measure(machine.engine, SPEECH, 2, machine.clock)
    found = estimate(machine.engine.info, costs, stand_in=True, max_rows=2)
    assert "not the model the server would take" in found.advice


def test_an_engine_that_decoded_nothing_has_no_estimate() -> None:
    info = ScriptedTranscriber().info
    assert estimate(info, CostModel(), stand_in=False, max_rows=8).status is Status.FAIL
