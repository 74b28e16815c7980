"""The state of one utterance, from its opening to the words of its closing decode.

State lives here, not on the session, because the next utterance opens before the final decode
of this one returns. A closed utterance takes its audio with it, so that a slow engine can never
lose audio to the ring buffer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from livecaption.core.agreement import Agreement
from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from livecaption.core.captions import GapReason
from livecaption.core.endpoint import Closed
from livecaption.core.hypothesis import Word, text_of
from livecaption.core.policy import StreamingPolicy
from livecaption.core.seam import strip_overlap

__all__ = ["Speaking", "Utterance"]

_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")
_PHRASE_PAUSE = SAMPLE_RATE // 4
_WORD_PAUSE = SAMPLE_RATE // 10
_MARGIN = SAMPLE_RATE // 10
_MEL_HOP = 160
"""Windows start on this grid, so that cached mel frames of one window serve the next."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """What the client said about the voice; fixed when an utterance opens."""

    language: str | None = None
    speaker: str | None = None
    vocabulary: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Utterance:
    """One numbered stretch of speech; all indexes are absolute samples."""

    number: int
    onset: int
    """Where speech was heard first; no word starts before it."""
    start: int
    """First sample that belongs to this utterance: pre-roll included."""
    window_start: int
    """First sample of the next window; moves on as committed audio is let go."""
    agreement: Agreement
    speaking: Speaking
    context: tuple[Word, ...] = ()
    """Committed words of the utterance before, when this one continues it without a pause."""
    committed: list[Word] = field(default_factory=list)
    published: int = 0
    """How many committed words have been published as deltas."""
    shown: str = ""
    """The tail that subscribers see now."""
    revision: int = 0
    announced: bool = False
    is_speech: bool = False
    """The second detector has agreed that this is speech."""
    language: str | None = None
    """What the last accepted hypothesis was decoded in."""
    covered: int = 0
    """End of the last window whose hypothesis was accepted."""
    closed: Closed | None = None
    audio: Samples | None = None
    """Samples [window_start, closed.stop), taken at closing."""
    closing: bool = False
    """The closing decode has been asked for."""
    resolved: bool = False
    """The last words are known; only publishing is left."""
    gap: tuple[int, GapReason] | None = None
    """Audio from here to the end was lost, and why."""
    cut_off: int | None = None
    """Another process hears the end again: samples before the end within which no word counts as
    heard. None for an utterance that is heard here to its end."""

    @property
    def text(self) -> str:
        """Committed text, exactly as published."""
        return text_of(self.committed).lstrip()

    @property
    def committed_stop(self) -> int:
        """End of the last committed word; the start when there is none."""
        return self.committed[-1].stop if self.committed else self.start

    def tail_of(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Return the words of a hypothesis that come after the committed ones, none overlapping."""
        fresh = strip_overlap([*self.context, *self.committed], words)
        floor = max(self.onset, self.committed_stop)
        placed = []
        for word in fresh:
            start = max(word.start, floor)
            floor = max(start, word.stop)
            placed.append(Word(word.text, start, floor, word.probability))
        return tuple(placed)

    def hear(self, words: tuple[Word, ...], window_stop: int) -> None:
        """Take an accepted hypothesis: commit what is stable, keep the rest as the tail."""
        self.covered = max(self.covered, window_stop)
        self.committed += self.agreement.push(self.tail_of(words), window_stop)

    def visible_tail(self, half_heard: int) -> tuple[Word, ...]:
        """Return the tentative words worth showing: those that were heard to their end.

        A word cut by the end of the window is mostly heard as another one, and a reader sees it
        change. The first word of an utterance is shown all the same: that somebody speaks is news.

        Args:
            half_heard: samples before the end of what was decoded in which a word may not end.
        """
        tail = self.agreement.tentative
        whole = sum(1 for _ in takewhile(lambda w: w.stop <= self.covered - half_heard, tail))
        return tail[: whole or int(not self.committed)]

    @property
    def stop(self) -> int:
        """End of the audio that belongs to the utterance, once it is closed."""
        if self.closed is None:
            raise ValueError(f"utterance {self.number} is still open")
        return self.closed.stop

    def close(self, closed: Closed, audio: Samples | None) -> None:
        """End the utterance; ``audio`` is int16 [window_start, closed.stop)."""
        self.closed = closed
        self.audio = audio

    def continue_from(self, before: Utterance) -> None:
        """Take over window, tail and trust of the utterance that ends where this one starts."""
        self.language = before.language
        self.window_start = before.window_start
        self.agreement, before.agreement = before.agreement, self.agreement
        self.is_speech = before.is_speech
        self.covered = before.covered

    def lose_rest(self, reason: GapReason) -> None:
        """End with the last tail heard; declare lost the speech that no hypothesis covers."""
        heard = max(self.covered, self.start)
        missed = self.closed is not None and heard < self.closed.speech_stop
        if missed and self.cut_off is None:
            self.gap = (heard, reason)
        self.end_with(self.agreement.tentative)

    def end_with(self, words: tuple[Word, ...]) -> None:
        """Commit the last words; the utterance is resolved."""
        if self.cut_off is not None:
            whole_until = self.stop - self.cut_off
            words = tuple(takewhile(lambda word: word.stop <= whole_until, words))
        self.committed += words
        self.resolved = True

    @property
    def settled_until(self) -> int:
        """End of the audio that is never needed again, once the last words are known.

        Of an utterance that was cut off the last word is heard again, whole and with the sound
        before it; what was said then already is told by its context.
        """
        if self.cut_off is None:
            return self.stop
        last = self.committed[-1].start - _MARGIN if self.committed else self.start
        cut = max(last, self.start)
        cut -= cut % FRAME_SAMPLES
        return cut if cut >= self.start else cut + FRAME_SAMPLES

    def force_before(self, sample: int) -> None:
        """Commit the tentative words that end at or before ``sample``."""
        self.committed += self.agreement.take_before(sample)

    def trim(self, now: int, policy: StreamingPolicy) -> None:
        """Let go of committed audio when the window has grown longer than it needs to be."""
        if now - self.window_start <= policy.trim_above or not self.committed:
            return
        start = self._cut(policy)
        self.window_start = max(self.window_start, start - start % _MEL_HOP)

    def _cut(self, policy: StreamingPolicy) -> int:
        """Choose where the next window starts: in the widest pause, else at a word's start."""
        stop = self.committed_stop
        near = [word for word in self.committed if stop - word.start <= policy.max_overlap]
        if not near:
            return stop
        pauses = [(b.start - a.stop, b.start) for a, b in pairwise(near)]
        widest, after = max(pauses, default=(0, 0))
        if widest >= _WORD_PAUSE:
            return after - min(widest, _PHRASE_PAUSE) // 2
        context = [word for word in near if stop - word.start >= policy.keep_overlap]
        return (context[-1] if context else near[0]).start

    def breaks_here(self, policy: StreamingPolicy) -> bool:
        """Whether a long utterance should end at its last committed word."""
        if not self.committed:
            return False
        last = self.committed[-1]
        length = last.stop - self.start
        if length < policy.break_after:
            return False
        tail = self.agreement.tentative
        return (
            length >= policy.max_utterance
            or last.text.rstrip().endswith(_SENTENCE_ENDS)
            or (bool(tail) and tail[0].start - last.stop >= _PHRASE_PAUSE)
        )
