"""Audio in, boundaries of speech out: the clock of a session, its recent audio, its endpointing.

Boundaries come frame by frame, so that whoever acts on one finds the clock where that frame ends.
This module must not know utterances.
"""

from __future__ import annotations

from collections.abc import Iterator

from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE, FrameSplitter, Samples
from livecaption.core.config import SessionConfig
from livecaption.core.endpoint import Closed, Endpointer, Opened
from livecaption.core.gate import IsSpeech, SpeechGate
from livecaption.core.ringbuffer import AudioRingBuffer

__all__ = ["Boundary", "Hearing"]

_SLICE = SAMPLE_RATE
"""Audio is taken in slices of a second, so that no chunk can outrun the ring buffer."""
_BREATH = SAMPLE_RATE // 5
"""Silence after speech that a person leaves before muting a microphone."""

Boundary = Opened | Closed | None
"""What a frame brought; mostly nothing."""


class Hearing:
    """The ear of one session.

    Args:
        config: of the session.
        is_speech: decides on one frame.
        start: absolute index of the first sample that will come.
    """

    def __init__(self, config: SessionConfig, is_speech: IsSpeech, start: int) -> None:
        self._is_speech = is_speech
        self._ring = AudioRingBuffer(config.policy.max_window + config.pre_roll + 4 * _SLICE, start)
        self._splitter = FrameSplitter()
        self._endpointer = Endpointer(SpeechGate(config.gate), pre_roll=config.pre_roll)
        self._hangover_frames = config.gate.hangover_frames
        self._lookback = config.pre_roll + (config.gate.onset_frames + 1) * FRAME_SAMPLES
        self._clock = start

    @property
    def received(self) -> int:
        """Samples received so far."""
        return self._ring.stop

    @property
    def clock(self) -> int:
        """End of the last frame that was decided on."""
        return self._clock

    @property
    def speech_stop(self) -> int:
        """End of the last speech frame of the open or last utterance."""
        return self._endpointer.speech_stop

    @property
    def settled_until(self) -> int:
        """No utterance that opens from now on can begin before this."""
        return self._clock - self._lookback

    @property
    def just_heard_speech(self) -> bool:
        """Whether the last audio, but for a breath, is speech."""
        return self._clock - self.speech_stop <= _BREATH

    def take(self, samples: Samples) -> Iterator[Boundary]:
        """Take the next audio; must be iterated to its end.

        Args:
            samples: int16, shape (n,), any n.
        """
        for at in range(0, len(samples), _SLICE):
            piece = samples[at : at + _SLICE]
            self._ring.append(piece)
            for frame in self._splitter.push(piece):
                self._clock += FRAME_SAMPLES
                yield self._endpointer.push(self._is_speech(frame), self._clock)

    def pause(self, samples: int) -> Iterator[Boundary]:
        """Take a pause that was never sent; the clock stands still. Must be iterated to its end."""
        for _ in range(min(samples // FRAME_SAMPLES, self._hangover_frames)):
            yield self._endpointer.push(False, self._clock)  # noqa: FBT003 - a decision

    def finish(self) -> Iterator[Boundary]:
        """Hear the last piece of a frame: more may not follow it at once. Must be iterated."""
        rest = self._splitter.pending
        frame = self._splitter.flush()
        if frame is not None:
            self._clock += rest
            yield self._endpointer.push(self._is_speech(frame), self._clock)

    def close(self) -> Closed | None:
        """End the open utterance now; None when none is open."""
        return self._endpointer.close(self._clock)

    def skip(self, until: int) -> None:
        """Move on over audio that will never come, after ``finish`` and ``close``."""
        self._ring.skip(until - self.received)
        self._clock = until

    def forget_before(self, start: int) -> None:
        """Let go of audio that nobody will read again."""
        self._ring.trim_before(start)

    def read(self, start: int, stop: int | None = None) -> Samples:
        """Return a copy of recent audio, [start, stop), by default as far as it is decided on."""
        return self._ring.read(start, self._clock if stop is None else stop)
