"""What a session came to, in numbers: kept by each session, summed when somebody asks.

A delay here is what a reader feels: from the moment the sound of a word ended at this server until
its caption was handed out, computing, waiting and storing included. The moment comes from the
session's audio clock and from when the last audio arrived, so that audio sent again after an outage
counts as if it had come in time.

Nothing here knows who exports the numbers, or whose they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.captions import CaptionEvent, Delta, Gap, GapReason, Partial, UtteranceStarted
from livecaption.core.screen import Rejection
from livecaption.core.stats import SessionStats
from livecaption.core.tally import DELAY_BOUNDS, Tally

__all__ = ["SessionFigures", "SessionTotals"]


def _delays() -> Tally:
    return Tally(DELAY_BOUNDS)


@dataclass(slots=True)
class SessionFigures:
    """Of one session, since this process took it up. ``now`` is monotonic, seconds."""

    samples: int = 0
    """Audio received."""
    words: int = 0
    """Words that readers were given as committed."""
    commit_delay: Tally = field(default_factory=_delays)
    """From the end of a word to its delta, seconds."""
    first_text_delay: Tally = field(default_factory=_delays)
    """From the start of an utterance's first word to the first text of it, seconds."""
    gaps: Counter[GapReason] = field(default_factory=Counter)
    gap_samples: Counter[GapReason] = field(default_factory=Counter)
    _clock: int = 0
    _fed_at: float = 0.0
    _untold: int | None = None
    """The utterance of which no text was shown yet."""

    def heard(self, samples: int, clock: int, now: float) -> None:
        """Take note of audio that arrived.

        Args:
            samples: how much.
            clock: the session's audio clock behind it, samples.
            now: when.
        """
        self.samples += samples
        self._clock = clock
        self._fed_at = now

    def shown(self, event: CaptionEvent, now: float) -> None:
        """Take note of an event that readers were handed."""
        match event:
            case UtteranceStarted():
                self._untold = event.utterance
            case Delta():
                self._tell_first(event, now)
                self.words += len(event.words)
                for word in event.words:
                    self.commit_delay.observe(self._since(word.stop, now))
            case Partial():
                self._tell_first(event, now)
            case Gap():
                self.gaps[event.reason] += 1
                self.gap_samples[event.reason] += event.stop - event.start
            case _:
                pass

    def _tell_first(self, event: Delta | Partial, now: float) -> None:
        if event.utterance == self._untold and event.words:
            self._untold = None
            self.first_text_delay.observe(self._since(event.words[0].start, now))

    def _since(self, sample: int, now: float) -> float:
        return max(0.0, now - self._fed_at + (self._clock - sample) / SAMPLE_RATE)


@dataclass(slots=True)
class SessionTotals:
    """Sums over sessions."""

    figures: SessionFigures = field(default_factory=SessionFigures)
    requests: int = 0
    utterances: int = 0
    skipped_finals: int = 0
    rejections: Counter[Rejection] = field(default_factory=Counter)

    def add(self, figures: SessionFigures, stats: SessionStats) -> None:
        """Count a session."""
        mine = self.figures
        mine.samples += figures.samples
        mine.words += figures.words
        mine.commit_delay.add(figures.commit_delay)
        mine.first_text_delay.add(figures.first_text_delay)
        mine.gaps.update(figures.gaps)
        mine.gap_samples.update(figures.gap_samples)
        self.requests += stats.requests
        self.utterances += stats.utterances
        self.skipped_finals += stats.skipped_finals
        self.rejections.update(stats.rejections)
