"""Where there is speech in a file, and the clock that runs only while there is.

Silence is cut out before a file is decoded: it costs as much as speech, and Whisper makes up text
in it. What is decoded has times on the shortened clock; here they are turned back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps

from livecaption.core.audio import SAMPLE_RATE, Samples, pcm16_to_float32

__all__ = ["Span", "SpeechClock", "find_speech"]

_BLOCK = 600 * SAMPLE_RATE
"""The detector needs about 20 bytes for each sample it looks at."""

_JOINED = int(1.2 * SAMPLE_RATE)
"""Spans nearer to each other than this are one; within a block the detector leaves none."""


@dataclass(frozen=True, slots=True)
class Span:
    """Samples [start, stop) of a recording, with a margin around the speech in it."""

    start: int
    stop: int


def find_speech(samples: Samples) -> list[Span]:
    """Return the spans that hold speech, in order and apart.

    Args:
        samples: int16, 16 kHz, shape (n,).
    """
    spans: list[Span] = []
    for offset in range(0, len(samples), _BLOCK):
        block = pcm16_to_float32(samples[offset : offset + _BLOCK])
        for found in get_speech_timestamps(block, VadOptions()):
            span = Span(offset + int(found["start"]), offset + int(found["end"]))
            if spans and span.start - spans[-1].stop < _JOINED:
                span = Span(spans.pop().start, span.stop)
            spans.append(span)
    return spans


class SpeechClock:
    """Converts positions in the joined spans to positions in the recording.

    Args:
        spans: in order and apart.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = tuple(spans)
        self._ends = list(accumulate(span.stop - span.start for span in spans))

    @property
    def length(self) -> int:
        """Samples in all spans together."""
        return self._ends[-1] if self._ends else 0

    def joined(self, samples: Samples) -> Samples:
        """Return a copy of what lies in the spans, joined."""
        parts = [samples[span.start : span.stop] for span in self._spans]
        return np.concatenate([samples[:0], *parts])

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
