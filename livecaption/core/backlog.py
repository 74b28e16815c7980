"""What has come in and is not heard yet, in the order in which it came.

An outage holds audio back, and then all of it is there at once. It is heard in steps; what is
said about it (that it ends, that some of it is lost) waits in its place behind it. Audio is handed
out in pieces, so that hearing can stop between two of them.

Bound: nothing is refused here. Beyond ``enough`` samples, or more said about them than anybody has
to say, the backlog says so, and is to be heard without waiting for anybody; the engine's queue then
has its own bound, and declares what it drops. Audio that comes in crumbs is put together: what
waits costs what its samples cost, however many messages they came in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.utterance import Speaking

__all__ = ["Audio", "Backlog", "Configure", "End", "Finalize", "Input", "Lost", "Pause"]

_PIECE = SAMPLE_RATE // 4
_MOST_SAID = 256
"""Inputs besides audio that may wait: a client that asks something several times a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Samples, int16, shape (n,)."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing was sent for the time of so many samples."""

    samples: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The audio up to the sample ``until`` will never come."""

    until: int


@dataclass(frozen=True, slots=True)
class Finalize:
    """The open utterance ends here."""

    handed_over: bool = False
    """Another process goes on behind it."""


@dataclass(frozen=True, slots=True)
class End:
    """The session ends here, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Configure:
    """From here on somebody else speaks."""

    speaking: Speaking


Input = Audio | Pause | Lost | Finalize | End | Configure
"""What a session is told, in order."""


class Backlog:
    """See the module.

    Args:
        enough: samples that may wait.
        received: absolute index of the first sample that will come.
    """

    def __init__(self, enough: int, received: int) -> None:
        self._enough = enough
        self._received = received
        self._samples = 0
        self._said = 0
        self._waiting: deque[Input] = deque()

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    @property
    def received(self) -> int:
        """Absolute index one past the last sample that came, or is known not to come."""
        return self._received

    @property
    def samples(self) -> int:
        """Audio that waits."""
        return self._samples

    @property
    def is_patient(self) -> bool:
        """Whether its first input may wait: audio, and of nothing there is too much."""
        within = self._samples <= self._enough and self._said <= _MOST_SAID
        return within and isinstance(self._waiting[0], Audio)

    def add(self, given: Input) -> None:
        """Take an input."""
        if isinstance(given, Audio):
            self._received += len(given.samples)
            self._samples += len(given.samples)
            self._append(given.samples)
            return
        if isinstance(given, Lost):
            self._received = max(self._received, given.until)
        self._said += 1
        self._waiting.append(given)

    def take(self) -> Input:
        """Hand out what came first."""
        given = self._waiting.popleft()
        if isinstance(given, Audio):
            self._samples -= len(given.samples)
        else:
            self._said -= 1
        return given

    def _append(self, samples: Samples) -> None:
        """Queue audio in pieces, the first of them joined to a last one that is not full."""
        last = self._waiting[-1] if self._waiting else None
        if isinstance(last, Audio) and len(last.samples) < _PIECE:
            self._waiting.pop()
            samples = np.concatenate((last.samples, samples))
        for at in range(0, len(samples), _PIECE):
            self._waiting.append(Audio(samples[at : at + _PIECE]))
