"""The streaming policy as a value: when to decode, what to commit, when to let go.

Two policies are offered. ``REALTIME`` re-decodes every quarter of a second and commits what two
decodes in a row agree on (LocalAgreement-2, Liu et al. 2020; Macháček et al., "Turning Whisper
into Real-Time Transcription System", 2023): words stand about a second after they were said.
``WINDOW`` is the plain rolling scheme of 30 s with 5 s overlap: it decodes seldom and commits
what lies deeper than the overlap, for the best text per unit of compute at 5 to 8 s delay.

``docs/adr/0004-streaming-defaults.md`` holds the measurements behind the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from livecaption.core.audio import SAMPLE_RATE

__all__ = ["REALTIME", "WINDOW", "StreamingPolicy"]


@dataclass(frozen=True, slots=True)
class StreamingPolicy:
    """All numbers are samples at 16 kHz unless a field says otherwise."""

    name: Literal["realtime", "window"]
    hop: int
    """New audio between two decodes of an open utterance."""
    first_window: int
    """Audio an utterance must have, from its onset, before its first decode. A longer hop makes
    it longer, up to the hop: under load short utterances are decoded once, at their end."""
    pause: int
    """Silence after which the words before it are decoded at once, whatever the hop."""
    hold_back: int
    """Words at the end of a hypothesis that agreement may not commit (``realtime``)."""
    settle: int
    """Words ending this long before the window's end are committed at once (``window``)."""
    trim_above: int
    """A window longer than this lets go of committed audio in front."""
    most_hop: int = 2 * SAMPLE_RATE
    """What the hop may grow to while the engine is busy; never less than ``hop``."""
    spare_hops: float = 2.0
    """While the engine is busy a hop lasts its turnaround, and this many more shared by its
    workers: most of the time requests stay out of the queue, and still enough of them wait together
    to share batches and to keep every worker busy. With hops as long as the turnaround every
    request would grow old in the queue; driven by utilisation instead, hops grow to their limit
    with one row a batch, because an engine that never waits is always busy (decisions 5, 12)."""
    max_window: int = 30 * SAMPLE_RATE
    """Most audio in one decode: Whisper's own limit."""
    max_overlap: int = 5 * SAMPLE_RATE
    """Most committed audio that a window may carry in front of the uncommitted."""
    keep_overlap: int = int(1.5 * SAMPLE_RATE)
    """Committed audio kept when a window is cut shorter, so that the next words keep context."""
    half_heard: int = int(0.16 * SAMPLE_RATE)
    """A tentative word ending this close to the end of what was decoded is not shown yet: it is
    mostly heard as another one (``docs/adr/0008-what-a-tail-shows.md``)."""
    held_within: int = int(0.3 * SAMPLE_RATE)
    """A word that agreement holds back is let go all the same once it ends this long before the
    end of what was decoded: then it was heard to its end (``docs/adr/0010-a-shorter-hop.md``)."""
    hear_ahead: int = 5 * SAMPLE_RATE
    """While a decode is under way, audio is heard at most this far beyond the last one that came
    back. Speech is never so far ahead; what an outage held back is heard in steps, because a model
    that is given half a minute at once leaves words out (``docs/adr/0013-catching-up.md``)."""
    break_after: int = 15 * SAMPLE_RATE
    """An utterance of this length ends at its next committed sentence end or phrase pause."""
    max_utterance: int = 25 * SAMPLE_RATE
    """An utterance of this length ends at its last committed word: a caption must stay readable."""

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.max_window:
            raise ValueError(f"hop {self.hop} must be in (0, {self.max_window}]")
        if not 0 <= self.keep_overlap <= self.max_overlap < self.max_window:
            raise ValueError("keep_overlap <= max_overlap < max_window must hold")
        if self.settle >= self.max_window:
            raise ValueError("settle must be shorter than max_window")
        if not 0 <= self.half_heard < self.pause:
            # A pause is decoded so that the last word shows; it must not stay hidden there.
            raise ValueError("half_heard must be shorter than pause")

    def hop_under_load(self, turnaround_s: float, workers: int) -> int:
        """Return the hop, in samples, that suits an engine: longer hops, not longer queues.

        Args:
            turnaround_s: seconds from a request to its result.
            workers: batches that the engine decodes side by side, at least 1.
        """
        wanted = int((1 + self.spare_hops / workers) * turnaround_s * SAMPLE_RATE)
        return min(max(wanted, self.hop), max(self.most_hop, self.hop))

    def ahead_under_load(self, turnaround_s: float) -> int:
        """Return how far ahead, in samples, is heard with an engine that takes so long.

        A step takes two decodes, one to hear it and one to agree: with four times the turnaround
        a backlog shrinks twice as fast as it grows. It is never so far that a window fills up
        before anything of it was heard: that would end an utterance in the middle of a word.
        """
        most = self.max_window - self.max_overlap
        return max(self.hear_ahead, min(int(4 * turnaround_s * SAMPLE_RATE), most))

    @property
    def first_hop(self) -> int:
        """Samples from the onset to the first decode, at the present hop."""
        return max(self.first_window, self.hop - self.pause)

    def with_hop(self, hop: int) -> StreamingPolicy:
        """Return the same policy with another hop, in samples."""
        return replace(self, hop=hop)


REALTIME = StreamingPolicy(
    name="realtime",
    hop=SAMPLE_RATE // 4,
    first_window=int(0.4 * SAMPLE_RATE),
    pause=SAMPLE_RATE // 5,
    hold_back=1,
    settle=5 * SAMPLE_RATE,
    trim_above=5 * SAMPLE_RATE,
)

WINDOW = StreamingPolicy(
    name="window",
    hop=3 * SAMPLE_RATE,
    first_window=3 * SAMPLE_RATE,
    pause=3 * SAMPLE_RATE,
    hold_back=0,
    settle=5 * SAMPLE_RATE,
    trim_above=27 * SAMPLE_RATE,
    break_after=25 * SAMPLE_RATE,
    max_utterance=60 * SAMPLE_RATE,
)
