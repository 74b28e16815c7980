"""Speech decisions of single frames, smoothed into a gate.

Two rules for this file: a frame is 20 ms and nothing else measures time; who decides whether a
frame is speech is unknown here (it comes in as ``IsSpeech``).

::

    frames   . . S . S S S S S S . . S S . . . . . . . . . . . .
    state    s s o s o o S S S S h h S S h h h h h h h h h h s s
                     └─onset──┘                └──hang-over──┘

``SILENCE`` nothing · ``ONSET`` speech frames, too few to believe · ``SPEECH`` · ``HANGOVER``
silence, too short to believe. ``run`` counts the frames of the present kind in a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

__all__ = ["TRANSITIONS", "GateConfig", "GateState", "IsSpeech", "SpeechGate"]

IsSpeech = Callable[[bytes], bool]
"""Decides on one frame: FRAME_SAMPLES little-endian int16 samples."""


class GateState(Enum):
    """What the gate believes."""

    SILENCE = "silence"
    ONSET = "onset"
    SPEECH = "speech"
    HANGOVER = "hangover"

    # A dictionary is asked with every frame; Enum's own hash is a Python function.
    __hash__ = object.__hash__

    def __init__(self, value: str) -> None:
        self.open = value in ("speech", "hangover")
        """Whether the gate passes audio: SPEECH, or the HANGOVER that follows it."""


_SILENCE, _ONSET, _SPEECH, _HANGOVER = GateState

TRANSITIONS: dict[tuple[GateState, bool], tuple[GateState, GateState]] = {
    # (state, frame is speech): (run too short, run long enough)
    (_SILENCE, True): (_ONSET, _SPEECH),
    (_ONSET, True): (_ONSET, _SPEECH),
    (_SPEECH, True): (_SPEECH, _SPEECH),
    (_HANGOVER, True): (_SPEECH, _SPEECH),
    (_SILENCE, False): (_SILENCE, _SILENCE),
    (_ONSET, False): (_SILENCE, _SILENCE),
    (_SPEECH, False): (_HANGOVER, _SILENCE),
    (_HANGOVER, False): (_HANGOVER, _SILENCE),
}


@dataclass(frozen=True, slots=True)
class GateConfig:
    """How long speech and silence must last before the gate believes them."""

    onset_frames: int = 4
    """Speech frames in a row that open the gate: 80 ms lets no click through."""
    hangover_frames: int = 25
    """Silent frames in a row that close it: 0.5 s is longer than the pauses inside a phrase."""

    def __post_init__(self) -> None:
        if self.onset_frames < 1 or self.hangover_frames < 1:
            raise ValueError("onset_frames and hangover_frames must be at least 1")


class SpeechGate:
    """The four-state gate; ``push`` one decision for each frame."""

    def __init__(self, config: GateConfig) -> None:
        self._needed = {True: config.onset_frames, False: config.hangover_frames}
        self._state = GateState.SILENCE
        self._last = False
        self._run = 0

    @property
    def state(self) -> GateState:
        """The state after the last push."""
        return self._state

    @property
    def run(self) -> int:
        """Frames in a row with the same decision as the last one, the last one included."""
        return self._run

    def push(self, is_speech: bool) -> GateState:  # noqa: FBT001 - the decision is the data
        """Take the decision on the next frame and return the new state."""
        self._run = self._run + 1 if is_speech == self._last else 1
        self._last = is_speech
        short, enough = TRANSITIONS[self._state, is_speech]
        self._state = enough if self._run >= self._needed[is_speech] else short
        return self._state

    def reset(self) -> None:
        """Return to SILENCE, as at the start."""
        self._state = GateState.SILENCE
        self._last = False
        self._run = 0
