"""What the decoder should say about a window, and when: tokens, labels and their frames.

::

    tokens in   <|startofprev|> previous text <|startoftranscript|> <|0.40|>  Good   morning ...
    labels      ignored ................................ <|0.40|>    Good  morning   <|1.30|> ...
    frames                                               18..23     20..31  31..52    ...

Each target also carries two stretches of encoder frames: its own (the characters' share of the
word) and the whole word's. Training pulls cross-attention towards them; only synthetic speech
gives them away for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.espeak import TimedWord
from training.log_mel import ENCODER_FRAMES_PER_SECOND
from training.utterance_pool import UtterancePool, Vocabulary

__all__ = ["IGNORED", "LONGEST_TARGET", "LONG_WINDOW", "Segment", "TargetWriter", "Targets"]

IGNORED = -100
"""Label of a position that the loss passes over."""

LONGEST_TARGET = 448
"""Decoder positions of Whisper."""

LONG_WINDOW = 800
"""Encoder frames (16 s); only longer windows get long prompts and much padding."""

TIMESTAMP_SHARE = 0.7
"""Probability that a window is transcribed with timestamps."""

_SHORTEST_ATTENTION = 4
"""Encoder frames: the median filter of faster-whisper's alignment wipes out shorter ones."""


class Segment(NamedTuple):
    """The words of one utterance that are heard in the window; times in seconds of the window."""

    words: tuple[TimedWord, ...]
    complete: bool
    """False where the end of the window cuts the utterance."""


class _Target(NamedTuple):
    """One label; stretches in encoder frames, -1 for none."""

    token: int
    start: float = -1
    end: float = -1
    word_start: float = -1
    word_end: float = -1


@dataclass
class Targets:
    """Teacher-forced input and labels, lists of the same length (at most LONGEST_TARGET)."""

    frame_tokens: npt.NDArray[np.int64]
    """Shape (encoder frames,): text token + 1 heard in each frame, 0 for none."""
    tokens: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    word_start: list[float] = field(default_factory=list)
    word_end: list[float] = field(default_factory=list)

    def append(self, token: int, label: int, target: _Target) -> None:
        """Add one decoder position."""
        if len(self.tokens) < LONGEST_TARGET:
            self.tokens.append(token)
            self.labels.append(label)
            self.start.append(target.start)
            self.end.append(target.end)
            self.word_start.append(target.word_start)
            self.word_end.append(target.word_end)


class TargetWriter:
    """Writes targets; the randomness (prompts, timestamps) is the composer's."""

    def __init__(
        self, vocabulary: Vocabulary, pool: UtterancePool, random: np.random.Generator
    ) -> None:
        """Use `pool` for the text of prompts."""
        self._vocabulary, self._pool, self._random = vocabulary, pool, random

    def silence(self, encoder_frames: int, hardness: float) -> Targets:
        """Targets of a window without speech: no-speech, then the end."""
        vocabulary = self._vocabulary
        timestamps = self._random.random() < TIMESTAMP_SHARE
        targets = self._prompt(encoder_frames, hardness)
        targets.append(vocabulary.start, vocabulary.no_speech, _Target(-1))
        second = vocabulary.first_timestamp if timestamps else vocabulary.no_timestamps
        targets.append(second, vocabulary.end, _Target(-1))
        return targets

    def transcript(
        self,
        segments: list[Segment],
        encoder_frames: int,
        hardness: float,
        *,
        offset: int,
        fills_window: bool,
    ) -> Targets:
        """Targets of a window with speech.

        Args:
            segments: in order; a segment without words is an utterance cut before its first word.
            encoder_frames: length of the window.
            hardness: 0 to 1; more prompts towards 1.
            offset: encoder frames before this window in the 30 s positions.
            fills_window: the speech reaches the end of the 30 s positions.
        """
        timestamps = self._random.random() < TIMESTAMP_SHARE
        targets = self._prompt(encoder_frames, hardness)
        spoken = [segment for segment in segments if segment.words]
        # Whisper only marks the start of what a full window cuts off, so that decoding resumes
        # there (and <|endoftext|> always follows a timestamp).
        cut = timestamps and fills_window and len(spoken) > 1 and not segments[-1].complete
        cut = cut and bool(segments[-1].words)
        written = self._write(spoken[:-1] if cut else spoken, targets, spoken, offset, timestamps)
        if cut:
            written.append(self._timestamp(spoken[-1].words[0].start, offset, -2, 3))
            for word in spoken[-1].words:
                self._mark_frames(word, targets.frame_tokens)
        end = spoken[-1].words[-1].end * ENCODER_FRAMES_PER_SECOND
        written.append(_Target(self._vocabulary.end, end, end + 10, end, end + 10))
        self._force(written, targets, timestamps=timestamps)
        return targets

    def _write(
        self,
        segments: list[Segment],
        targets: Targets,
        spoken: list[Segment],
        offset: int,
        timestamps: bool,
    ) -> list[_Target]:
        """Write whole segments, with timestamps around them if wanted."""
        starts = [word.start for segment in spoken for word in segment.words]
        written = [] if timestamps else [_Target(self._vocabulary.no_timestamps)]
        position = 0
        for segment in segments:
            if timestamps:
                written.append(self._timestamp(segment.words[0].start, offset, -2, 3))
            for word in segment.words:
                position += 1
                following = starts[position] if position < len(starts) else word.end + 0.3
                written += self._word(word, following)
                self._mark_frames(word, targets.frame_tokens)
            if timestamps:
                written.append(self._timestamp(segment.words[-1].end, offset, -3, 2))
        return written

    def _timestamp(self, seconds: float, offset: int, before: int, after: int) -> _Target:
        frame = seconds * ENCODER_FRAMES_PER_SECOND
        token = self._vocabulary.timestamp(offset + round(frame))
        return _Target(token, frame + before, frame + after, frame + before, frame + after)

    def _word(self, word: TimedWord, following: float) -> list[_Target]:
        """One target per token; `following` is when the next word starts, in seconds."""
        spelled = self._vocabulary.spell(word.text)
        word_end = word.end * ENCODER_FRAMES_PER_SECOND
        written = []
        for token, first, stop in spelled.pieces:
            if first < 0:  # punctuation is heard in the pause
                start = word_end
                end = max(following * ENCODER_FRAMES_PER_SECOND, word_end + 1)
                whole = (start, end)
            else:
                start = _share(word, first, spelled.length)
                end = _share(word, min(stop, spelled.length), spelled.length)
                whole = (word.start * ENCODER_FRAMES_PER_SECOND, word_end)
            if whole[1] - whole[0] < _SHORTEST_ATTENTION:
                centre = (whole[0] + whole[1]) / 2
                whole = (centre - _SHORTEST_ATTENTION / 2, centre + _SHORTEST_ATTENTION / 2)
            written.append(_Target(token, start, end, max(whole[0], 0), whole[1]))
        return written

    def _mark_frames(self, word: TimedWord, frame_tokens: npt.NDArray[np.int64]) -> None:
        spelled = self._vocabulary.spell(word.text)
        for token, first, stop in spelled.pieces:
            if first >= 0:
                start = _share(word, first, spelled.length)
                end = _share(word, min(stop, spelled.length), spelled.length)
                frame_tokens[int(np.ceil(start)) : int(np.ceil(end))] = token + 1

    def _force(self, written: list[_Target], targets: Targets, *, timestamps: bool) -> None:
        """Append targets with, as input, the label before each."""
        vocabulary, random = self._vocabulary, self._random
        token = vocabulary.start
        for position, target in enumerate(written):
            known = target.token == vocabulary.no_timestamps  # given by the caller, not predicted
            targets.append(token, IGNORED if known else target.token, target)
            token = target.token
            late = position == 0 and token > vocabulary.first_timestamp + 50
            # faster-whisper forces the first timestamp to 1 s at most: learn to go on from there
            if late and timestamps and random.random() < 0.6:
                frame = 50 if random.random() < 0.7 else int(random.integers(0, 51))
                token = vocabulary.first_timestamp + frame

    def _prompt(self, encoder_frames: int, hardness: float) -> Targets:
        """By chance, previous text as long-form transcription or an initial prompt gives it.

        Long prompts (up to 223 tokens) come only with long windows: they would make batches of
        short ones expensive.
        """
        random, vocabulary = self._random, self._vocabulary
        targets = Targets(np.zeros(encoder_frames, np.int64))
        long = encoder_frames >= LONG_WINDOW
        if random.random() > (0.40 if long else 0.10) * hardness:
            return targets
        previous: list[int] = []
        stamped = random.random() < 0.7
        for _ in range(int(random.choice([1, 2, 4, 8, 14] if long else [1, 2]))):
            words = self._pool.any(random).words
            text = [piece.token for w in words for piece in vocabulary.spell(w.text).pieces]
            if stamped:
                frame = int(random.integers(0, 1300))
                text = [
                    vocabulary.timestamp(frame),
                    *text,
                    vocabulary.timestamp(frame + len(text) * 8),
                ]
            previous += text
        kept = int(random.choice([20, 60, 120, 223, 223] if long else [20, 60]))
        for token in [vocabulary.previous, *previous[-kept:]]:
            targets.append(token, IGNORED, _Target(-1))
        return targets


def _share(word: TimedWord, characters: int, length: int) -> float:
    """Encoder frame at which so many of a word's characters have been said."""
    seconds = word.start + (word.end - word.start) * characters / length
    return seconds * ENCODER_FRAMES_PER_SECOND
