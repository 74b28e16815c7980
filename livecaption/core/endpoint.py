"""Endpointing: where an utterance starts and ends.

Feeds on the gate's state at the end of each frame, says ``Opened`` and ``Closed``. Timeline of
one utterance (each mark is a frame end)::

    speech          ████████████████          ████
    gate      s s o o S S S S S S S S h h h h s ...
              ▲       ▲               ▲       ▲
              start   Opened          │       Closed(stop)
              = onset - pre-roll      speech_stop

The pre-roll keeps the soft first consonant that the detector missed.
"""

from __future__ import annotations

from dataclasses import dataclass

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.gate import GateState, SpeechGate

__all__ = ["Closed", "Endpointer", "Opened"]


@dataclass(frozen=True, slots=True)
class Opened:
    """Speech began; all values are absolute sample indexes."""

    onset: int
    """Start of the first speech frame."""
    start: int
    """Start of the audio to decode: the onset less the pre-roll."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Speech ended; all values are absolute sample indexes."""

    speech_stop: int
    """End of the last speech frame."""
    stop: int
    """End of the audio that belongs to the utterance."""


class Endpointer:
    """Turns gate states into utterance boundaries."""

    def __init__(self, gate: SpeechGate, *, pre_roll: int) -> None:
        self._gate = gate
        self._pre_roll = pre_roll
        self._earliest = 0
        self._speech_stop = 0
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether an utterance is open."""
        return self._open

    @property
    def speech_stop(self) -> int:
        """Absolute end of the last speech frame of the open or last utterance."""
        return self._speech_stop

    def push(self, is_speech: bool, now: int) -> Opened | Closed | None:  # noqa: FBT001
        """Take one frame's decision.

        Args:
            is_speech: the detector's decision.
            now: absolute index of the end of that frame.

        Returns:
            The boundary that this frame brought, if any.
        """
        state = self._gate.push(is_speech)
        if not state.open:
            return self._close(now) if self._open else None
        if state is GateState.SPEECH and is_speech:
            self._speech_stop = now
        if self._open:
            return None
        self._open = True
        onset = now - self._gate.run * FRAME_SAMPLES
        return Opened(onset=onset, start=max(self._earliest, onset - self._pre_roll, 0))

    def close(self, now: int) -> Closed | None:
        """End the open utterance now, whatever the gate says; None when none is open."""
        closed = self._close(now) if self._open else None
        self._gate.reset()
        return closed

    def _close(self, now: int) -> Closed:
        self._open = False
        # The next utterance may not take audio that this one has taken.
        self._earliest = now
        return Closed(speech_stop=min(self._speech_stop, now), stop=now)
