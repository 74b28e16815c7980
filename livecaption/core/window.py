"""When the open utterance is decoded next.

::

    speech   ██████████████████████████████████████░░░░░ (hang-over)
    windows  [── first ──]
             [──────── + hop ────]
             [───────────── + hop ─────────]
                                 [──── pause ────]   none after it: nothing new was said

One partial per session is in flight at most; a result that comes late delays the next window,
which then takes all the audio there is. Superseding requests instead wastes 27 to 41 % of an
engine's capacity.
"""

from __future__ import annotations

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.policy import StreamingPolicy
from livecaption.core.utterance import Utterance

__all__ = ["WindowScheduler"]


class WindowScheduler:
    """Keeps the hop of one session. ``policy`` may be replaced at any time."""

    def __init__(self, policy: StreamingPolicy) -> None:
        self.policy = policy
        self._last = 0
        self._due = 0

    def opened(self, onset: int) -> None:
        """An utterance opened whose first speech is at ``onset`` (absolute sample)."""
        self._last = onset
        self._due = onset + self.policy.first_hop

    def requested(self, now: int) -> None:
        """A window ending at ``now`` was requested."""
        self._last = now
        self._due = now + self.policy.hop

    def is_due(self, now: int, speech_stop: int) -> bool:
        """Whether something was said since the last window ended, and it is time to hear it.

        It is time when a hop has passed, or at once in a pause, which may be the end: when the
        gate closes, the result is there and the utterance needs no closing decode.
        """
        paused = now - speech_stop >= self.policy.pause
        return speech_stop > self._last and (now >= self._due or paused)

    def is_full(self, utterance: Utterance, now: int) -> bool:
        """Whether the window would outgrow Whisper's 30 s with the next frame."""
        return now - utterance.window_start > self.policy.max_window - FRAME_SAMPLES
