from __future__ import annotations

from itertools import product

from livecaption.client.phase import TRANSITIONS, Cue, Phase


def test_every_phase_answers_every_cue_but_a_second_ready() -> None:
    missing = set(product(Phase, Cue)) - TRANSITIONS.keys()
    assert missing == {(phase, Cue.READY) for phase in set(Phase) - {Phase.CONNECTING}}


def test_nothing_leads_out_of_closed() -> None:
    assert {after for (phase, _), after in TRANSITIONS.items() if phase is Phase.CLOSED} == {
        Phase.CLOSED
    }


def test_every_phase_can_be_reached_from_the_first() -> None:
    reached = {Phase.CONNECTING}
    for _ in Phase:
        reached |= {after for (phase, _), after in TRANSITIONS.items() if phase in reached}
    assert reached == set(Phase)
