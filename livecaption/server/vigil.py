"""What a publisher's silence means, and when it has been too long.

Silence on the wall clock is invisible to the audio clock. Three kinds of it look alike on the wire:
a microphone that was muted, a network that stalls, a client that hangs. Who mutes does so after a
word, so audio that ends in the middle of speech is taken for a stall: the utterance stays open,
because what comes next may be the second half of a word.

Time is an argument here; nothing sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["Patience", "Verdict", "Vigil"]


class Verdict(Enum):
    """What is to be done."""

    PAUSE = auto()
    """Close the open utterance: nobody speaks any more."""
    WARN = auto()
    """Tell the client that nothing arrives."""
    IDLE = auto()
    """End the session: nothing arrived for too long."""
    OVERDUE = auto()
    """End the session: it has lasted as long as one may."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is borne, seconds."""

    mute_s: float
    """Without audio, after a word: the utterance ends."""
    stall_s: float
    """Without audio, in the middle of speech: the utterance ends."""
    idle_s: float
    """Without any message: the session ends; at half of it the client is warned."""
    session_s: float
    """From the beginning: the session ends."""


class Vigil:
    """Watches one publisher.

    Args:
        patience: how long what is borne.
        now: monotonic time, seconds.
        begun_at: when the session began, on the same clock.
    """

    def __init__(self, patience: Patience, now: float, begun_at: float) -> None:
        self._patience = patience
        self._begun_at = begun_at
        self._last_audio = now
        self._last_message = now
        self._paused = False
        self._warned = False

    def heard(self, now: float, *, audio: bool) -> None:
        """A message came, with or without audio."""
        self._last_message = now
        if audio:
            self._last_audio = now
            self._paused = self._warned = False

    def idle(self, now: float) -> float:
        """Seconds since the last message."""
        return now - self._last_message

    def look(self, now: float, *, in_mid_speech: bool) -> list[Verdict]:
        """Return what is to be done now; each but ``IDLE`` and ``OVERDUE`` once for each silence.

        Args:
            now: monotonic time, seconds.
            in_mid_speech: whether the last audio that came is speech.
        """
        patience = self._patience
        verdicts = []
        borne = patience.stall_s if in_mid_speech else patience.mute_s
        if now - self._last_audio >= borne and not self._paused:
            self._paused = True
            verdicts.append(Verdict.PAUSE)
        if self.idle(now) >= patience.idle_s:
            verdicts.append(Verdict.IDLE)
        elif self.idle(now) >= patience.idle_s / 2 and not self._warned:
            self._warned = True
            verdicts.append(Verdict.WARN)
        if now - self._begun_at >= patience.session_s:
            verdicts.append(Verdict.OVERDUE)
        return verdicts
