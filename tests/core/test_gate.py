from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.gate import TRANSITIONS, GateConfig, GateState, SpeechGate

SILENCE, ONSET, SPEECH, HANGOVER = GateState


def states(gate: SpeechGate, marks: str) -> list[GateState]:
    """The states after frames of speech (``x``) and silence (``.``)."""
    return [gate.push(mark == "x") for mark in marks]


def test_the_gate_opens_after_the_onset_and_closes_after_the_hangover() -> None:
    gate = SpeechGate(GateConfig(onset_frames=3, hangover_frames=4))
    expected = [SILENCE, SILENCE, ONSET, SILENCE, ONSET, ONSET, SPEECH, SPEECH, HANGOVER, HANGOVER]
    expected += [SPEECH, SPEECH, HANGOVER, HANGOVER, HANGOVER, SILENCE, SILENCE]
    assert states(gate, "..x.xxxx..xx.....") == expected


def test_one_frame_is_enough_when_one_is_asked_for() -> None:
    gate = SpeechGate(GateConfig(onset_frames=1, hangover_frames=1))
    assert states(gate, ".xx.") == [SILENCE, SPEECH, SPEECH, SILENCE]


def test_audio_passes_in_speech_and_in_the_hangover() -> None:
    assert [state for state in GateState if state.open] == [SPEECH, HANGOVER]


def test_the_run_counts_frames_of_the_present_kind() -> None:
    gate = SpeechGate(GateConfig())
    states(gate, "xx...")
    assert gate.run == 3


def test_a_reset_gate_is_as_at_the_start() -> None:
    gate = SpeechGate(GateConfig(onset_frames=2, hangover_frames=2))
    states(gate, "xxx")
    gate.reset()
    assert (gate.state, gate.run) == (SILENCE, 0)
    assert states(gate, "x") == [ONSET]


@pytest.mark.parametrize(("onset", "hangover"), [(0, 1), (1, 0), (-1, 5)])
def test_a_gate_needs_at_least_one_frame_of_each(onset: int, hangover: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        GateConfig(onset_frames=onset, hangover_frames=hangover)


def test_the_table_knows_every_state_and_decision() -> None:
    assert set(TRANSITIONS) == set(itertools.product(GateState, [True, False]))


class NestedGate:
    """The gate as one would write it without a table."""

    def __init__(self, onset: int, hangover: int) -> None:
        self.onset, self.hangover = onset, hangover
        self.state = SILENCE
        self.speech = self.silence = 0

    def push(self, is_speech: bool) -> GateState:
        if is_speech:
            self.speech, self.silence = self.speech + 1, 0
            if self.state is SILENCE or self.state is ONSET:
                self.state = SPEECH if self.speech >= self.onset else ONSET
            else:
                self.state = SPEECH
        else:
            self.speech, self.silence = 0, self.silence + 1
            if self.state is SPEECH or self.state is HANGOVER:
                self.state = SILENCE if self.silence >= self.hangover else HANGOVER
            else:
                self.state = SILENCE
        return self.state


@given(
    decisions=st.lists(st.booleans(), max_size=120),
    onset=st.integers(1, 6),
    hangover=st.integers(1, 10),
)
def test_the_table_does_what_nested_branches_would(
    decisions: list[bool], onset: int, hangover: int
) -> None:
    gate = SpeechGate(GateConfig(onset_frames=onset, hangover_frames=hangover))
    nested = NestedGate(onset, hangover)
    for decision in decisions:
        assert gate.push(decision) is nested.push(decision)
        assert gate.state is nested.state
        assert gate.run == max(nested.speech, nested.silence)
