from __future__ import annotations

import math

import pytest

from livecaption.core.file_pace import FilePace, LiveLoad

PACE = FilePace(share=0.1, quiet_after_s=3.0, most_turnaround_s=1.0, look_again_s=0.5)


def test_nothing_rests_while_nobody_speaks() -> None:
    assert PACE.rest(2.0, 0.0, LiveLoad(quiet_s=math.inf)) == 0
    # Turnaround does not decay: it says how the engine was.
    assert PACE.rest(2.0, 0.0, LiveLoad(quiet_s=3.0, turnaround_s=9.0)) == 0


@pytest.mark.parametrize(("rested", "left"), [(0.0, 18.0), (17.0, 1.0), (18.0, 0.0), (99.0, 0.0)])
def test_a_file_takes_its_share_and_no_more(rested: float, left: float) -> None:
    assert PACE.rest(2.0, rested, LiveLoad(quiet_s=0.1)) == pytest.approx(left)


def test_files_wait_while_captions_are_late() -> None:
    late = LiveLoad(quiet_s=0.1, turnaround_s=1.0)
    assert PACE.rest(0.0, 1000.0, late) == PACE.look_again_s
