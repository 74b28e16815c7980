"""Where there is speech in a file, and the clock that runs only while there is.

Silence is cut out before a file is decoded: it costs as much as speech, and Whisper makes up text
in it. What is decoded has times on the shortened clock; here they are turned back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps

from livecaption.core.audio import SAMPLE_RATE, Samples, pcm16_to_float32
from livecaption.engine.file_engine import Recording

__all__ = ["Span", "SpeechClock", "SpeechReader", "find_speech"]

_BLOCK = 120 * SAMPLE_RATE
"""The detector needs about 20 bytes for each sample it looks at: 40 MB."""

_JOINED = int(1.2 * SAMPLE_RATE)
"""Spans nearer to each other than this are one; within a block the detector leaves none, but a
pause or a word may lie where two blocks meet."""


@dataclass(frozen=True, slots=True)
class Span:
    """Samples [start, stop) of a recording, with a margin around the speech in it."""

    start: int
    stop: int


def find_speech(samples: Samples) -> list[Span]:
    """Return the spans that hold speech, in order and apart.

    Args:
        samples: int16, 16 kHz, shape (n,); it takes about 24 bytes of memory for each.
    """
    found = get_speech_timestamps(pcm16_to_float32(samples), VadOptions())
    return [Span(int(each["start"]), int(each["end"])) for each in found]


class SpeechClock:
    """Converts positions in the joined spans to positions in the recording.

    Args:
        spans: in order and apart.
    """

    def __init__(self, spans: Sequence[Span] = ()) -> None:
        self._spans: list[Span] = []
        self._ends: list[int] = []
        for span in spans:
            self.append(span)

    @property
    def length(self) -> int:
        """Samples in all spans together."""
        return self._ends[-1] if self._ends else 0

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans so far."""
        return tuple(self._spans)

    def append(self, span: Span) -> None:
        """Add a span behind the others."""
        self._spans.append(span)
        self._ends.append(self.length + span.stop - span.start)

    def join(self, span: Span) -> None:
        """Add a span, and what lies before it if the last one is near: then they become one."""
        if self._spans and span.start - self._spans[-1].stop < _JOINED:
            span = Span(self._spans.pop().start, span.stop)
            self._ends.pop()
        self.append(span)

    def pieces(self, start: int, stop: int) -> Iterator[Span]:
        """Yield the parts of the recording that hold positions [start, stop), in order."""
        index = bisect_right(self._ends, start)
        while start < min(stop, self.length):
            span, end = self._spans[index], self._ends[index]
            upto = min(stop, end)
            yield Span(span.stop - (end - start), span.stop - (end - upto))
            start, index = upto, index + 1

    def start_at(self, position: int) -> int:
        """Return where something begins; at a joint it belongs to the later span."""
        return self._within(bisect_right(self._ends, position), position)

    def stop_at(self, position: int) -> int:
        """Return where something ends; at a joint it belongs to the earlier span."""
        return self._within(bisect_left(self._ends, position), position)

    def around(self, start: int, stop: int) -> tuple[int, int]:
        """Return where something lies that must not reach over a silence, such as a word.

        It belongs to the span that holds its middle, and is cut off there.
        """
        index = bisect_right(self._ends, (start + stop) // 2)
        return self._within(index, start), self._within(index, stop)

    def _within(self, index: int, position: int) -> int:
        if not self._spans:
            return position
        index = min(index, len(self._spans) - 1)
        span = self._spans[index]
        original = span.stop - (self._ends[index] - position)
        return min(max(original, span.start), span.stop)


class SpeechReader:
    """The speech of a recording, as if the silence had been cut out of it.

    It looks for speech only as far ahead as is read.

    Args:
        recording: what is read.
        filtered: False to take everything for speech.
    """

    def __init__(self, recording: Recording, *, filtered: bool) -> None:
        self._recording = recording
        self._looked_at = 0
        self.clock = SpeechClock()
        if not filtered and len(recording):
            self.clock.append(Span(0, len(recording)))
            self._looked_at = len(recording)

    def save(self) -> tuple[int, tuple[Span, ...]]:
        """Return up to where it has looked, and the spans it found."""
        return self._looked_at, self.clock.spans

    def restore(self, looked_at: int, spans: Sequence[Span]) -> None:
        """Go on from what another reader of the same recording has saved."""
        self._looked_at = looked_at
        self.clock = SpeechClock(spans)

    def reaches(self, position: int) -> bool:
        """Whether there is speech up to a position; looks for it if need be."""
        while self.clock.length < position and self._looked_at < len(self._recording):
            self._look_at_block()
        return self.clock.length >= position

    def read(self, start: int, stop: int) -> Samples:
        """Return the speech at positions [start, stop); less of it at the end."""
        self.reaches(stop)
        parts = [self._recording.read(s.start, s.stop) for s in self.clock.pieces(start, stop)]
        return np.concatenate([np.empty(0, dtype=np.int16), *parts])

    def _look_at_block(self) -> None:
        offset = self._looked_at
        block = self._recording.read(offset, min(offset + _BLOCK, len(self._recording)))
        for span in find_speech(block):
            self.clock.join(Span(offset + span.start, offset + span.stop))
        self._looked_at = min(offset + _BLOCK, len(self._recording))
