"""Composes training windows out of stored utterances, in the log-mel domain.

A window is what Whisper sees: up to 30 s with several utterances, gaps, cut ends, padding, noise
and previous text. Composing costs next to nothing compared with training on it.

::

    |<----------------------- window (encoder frames) ----------------------->|
    |<------------------- content ------------------>|<------- padding ------>|
    | gap | utterance | gap | utterance | gap | utter(cut)|
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.augmentation import augment, normalise
from training.espeak import TimedWord
from training.log_mel import BANDS, ENCODER_FRAMES_PER_SECOND, FRAMES_PER_SECOND, SILENCE
from training.noise import NoiseBank
from training.targets import IGNORED, LONG_WINDOW, LONGEST_TARGET, Segment, Targets, TargetWriter
from training.utterance_pool import StoredUtterance, UtterancePool, Vocabulary

__all__ = ["Batch", "WindowComposer"]

Batch = dict[str, npt.NDArray[np.generic]]
"""Arrays of one training step, B windows of W encoder frames and L decoder positions:

``mel`` float32 (B, 80, 2W); ``offset`` (B,) encoder frames; ``tokens``, ``labels`` int64 (B, L);
``start``, ``end``, ``word_start``, ``word_end`` float32 (B, L) encoder frames, -1 for none;
``phones``, ``frame_tokens`` int64 (B, W).
"""

_POSITIONS = 1500
"""Encoder frames of Whisper's 30 s."""

_SILENCE_SHARE = 0.04
_MOST_SEGMENTS = 12
_LENGTH_STEP = 32
"""Decoder lengths are rounded up to this, so that few shapes occur."""


class _Layout(NamedTuple):
    """Random choices about one window."""

    offset: int
    """Encoder frames before the window in the 30 s positions."""
    fills_window: bool
    """The content reaches the end of the 30 s positions."""
    frames: int
    """Mel frames of content."""
    cut_right: bool
    cut_left: bool


class _Content(NamedTuple):
    """What is heard."""

    mel: npt.NDArray[np.float32]
    """Un-normalised, shape (mel frames, 80)."""
    phones: npt.NDArray[np.int64]
    """Shape (encoder frames of the window,)."""
    segments: list[Segment]


class _Window(NamedTuple):
    mel: npt.NDArray[np.float32]
    offset: int
    phones: npt.NDArray[np.int64]
    targets: Targets


class WindowComposer:
    """Composes windows for ever; the same seed and pool give the same ones.

    Attributes:
        hardness: 0 = easy (no offsets, no prompts, little noise) to 1 = everything.
    """

    def __init__(self, vocabulary: Vocabulary, pool: UtterancePool, seed: int) -> None:
        """Compose from `pool`, which may grow meanwhile."""
        self.hardness = 1.0
        self._vocabulary, self._pool = vocabulary, pool
        self._random = np.random.default_rng(seed)
        self._noise = NoiseBank(pool, self._random)
        self._writer = TargetWriter(vocabulary, pool, self._random)

    def batch(self, encoder_frames: int, windows: int) -> Batch:
        """Compose so many windows of the same length (at most 1500 encoder frames)."""
        composed = [self._window(encoder_frames) for _ in range(windows)]
        longest = max(len(window.targets.tokens) for window in composed)
        length = min((longest + _LENGTH_STEP - 1) // _LENGTH_STEP * _LENGTH_STEP, LONGEST_TARGET)
        shape = (windows, length)
        batch: dict[str, npt.NDArray[np.generic]] = {
            "tokens": np.full(shape, self._vocabulary.end, np.int64),
            "labels": np.full(shape, IGNORED, np.int64),
        }
        for name in ("start", "end", "word_start", "word_end"):
            batch[name] = np.full(shape, -1, np.float32)
        for row, window in enumerate(composed):
            for name, padded in batch.items():
                values = vars(window.targets)[name]
                padded[row, : len(values)] = values
        batch["mel"] = np.stack([window.mel.T for window in composed])
        batch["offset"] = np.array([window.offset for window in composed])
        batch["phones"] = np.stack([window.phones for window in composed])
        batch["frame_tokens"] = np.stack([window.targets.frame_tokens for window in composed])
        return batch

    def _window(self, encoder_frames: int) -> _Window:
        if self._random.random() < _SILENCE_SHARE:
            return self._silence(encoder_frames)
        layout = self._layout(encoder_frames)
        content = self._fill(layout, encoder_frames)
        if not any(segment.words for segment in content.segments):
            return self._silence(encoder_frames)
        mel = augment(content.mel, self._noise, self._random, self.hardness)
        mel = normalise(mel, 2 * encoder_frames, self._random)
        targets = self._writer.transcript(
            content.segments,
            encoder_frames,
            self.hardness,
            offset=layout.offset,
            fills_window=layout.fills_window,
        )
        return _Window(mel, layout.offset, content.phones, targets)

    def _silence(self, encoder_frames: int) -> _Window:
        """Three in four with steady noise, the others digital silence."""
        random = self._random
        frames = int(random.integers(10, 2 * encoder_frames + 1))
        mel = np.full((frames, BANDS), SILENCE, np.float32)
        if random.random() < 0.75:
            noise = self._noise.segment(frames, babble=False) + random.uniform(-5, 1)
            mel = np.maximum(noise, SILENCE).astype(np.float32)
        mel = normalise(mel, 2 * encoder_frames, random)
        targets = self._writer.silence(encoder_frames, self.hardness)
        return _Window(mel, 0, np.zeros(encoder_frames, np.int64), targets)

    def _layout(self, encoder_frames: int) -> _Layout:
        random, whole = self._random, 2 * encoder_frames
        shifted = random.random() < 0.7 * self.hardness
        offset = int(random.integers(0, _POSITIONS - encoder_frames + 1)) if shifted else 0
        fills_window = bool(random.random() < 0.12 * self.hardness)
        if fills_window:
            offset, frames = _POSITIONS - encoder_frames, whole
        elif encoder_frames >= LONG_WINDOW and random.random() < 0.45:
            # short audio in a long padded window
            frames = int(np.exp(random.uniform(np.log(40), np.log(whole * 0.6))))
        elif random.random() < 0.7:
            frames = int(whole * random.uniform(0.75, 0.99))
        else:
            frames = int(whole * random.uniform(0.06, 0.99))
        frames = max(30, frames // 2 * 2)
        cut_right = bool(random.random() < (0.6 if fills_window else 0.35))
        cut_left = bool(random.random() < 0.10)
        return _Layout(offset, fills_window, frames, cut_right, cut_left)

    def _fill(self, layout: _Layout, encoder_frames: int) -> _Content:
        """Lay utterances one after the other until the content is full."""
        random = self._random
        mel = np.full((layout.frames, BANDS), SILENCE, np.float32)
        phones = np.zeros(encoder_frames, np.int64)
        segments: list[Segment] = []
        at_start = layout.cut_left or random.random() < 0.3
        position = 0 if at_start else int(random.exponential(25)) * 2
        cut_left = layout.cut_left
        gap_scale = random.choice([8, 20, 60])
        while position < layout.frames - 20 and len(segments) < _MOST_SEGMENTS:
            utterance = self._choose(layout.frames - position, layout.cut_right)
            if utterance is None:
                break
            skipped = 0  # mel frames of the utterance before the window
            if cut_left and utterance.frames > 100:
                skipped = int(random.integers(20, utterance.frames - 50)) // 2 * 2
            heard = utterance.mel[skipped : skipped + layout.frames - position]
            stop = position + len(heard)
            mel[position:stop] = heard.astype(np.float32) + random.uniform(-0.5, 0.5)
            labels = utterance.phones[skipped // 2 : (skipped + len(heard)) // 2]
            phones[position // 2 : position // 2 + len(labels)] = labels
            segment = _words_inside(utterance, skipped, position, layout.frames)
            if segment.words or not segment.complete:
                segments.append(segment)
            position, cut_left = stop, False
            if position >= layout.frames - 1:
                break
            position += int(random.exponential(gap_scale)) * 2
        return _Content(self._shorten(mel, segments, layout), phones, segments)

    def _choose(self, room: int, cut_right: bool) -> StoredUtterance | None:
        """An utterance for so many mel frames: one that fits, or by chance one that sticks out."""
        random, pool = self._random, self._pool
        fitting = int(np.searchsorted(pool.lengths, room, side="right"))
        if cut_right and (fitting == 0 or random.random() < max(0.15, 200 / (room + 200))):
            return pool.any(random)
        if fitting == 0:
            return None
        # rather a long one that fills the room
        least = np.searchsorted(pool.lengths, room * 0.4) if random.random() < 0.6 else 0
        return pool.utterances[random.integers(min(int(least), fitting - 1), fitting)]

    def _shorten(
        self, mel: npt.NDArray[np.float32], segments: list[Segment], layout: _Layout
    ) -> npt.NDArray[np.float32]:
        """By chance, let the content end soon after its last word."""
        random = self._random
        if layout.fills_window or not segments or not segments[-1].complete:
            return mel
        if random.random() < 0.5:
            last_word = segments[-1].words[-1]
            end = int(last_word.end * ENCODER_FRAMES_PER_SECOND + random.exponential(15) + 2) * 2
            return mel[:end]
        return mel


def _words_inside(utterance: StoredUtterance, skipped: int, position: int, frames: int) -> Segment:
    """The words of an utterance that are heard in the window.

    Args:
        utterance: laid into the window.
        skipped: its mel frames that lie before the window.
        position: mel frame of the window where it begins.
        frames: mel frames of the window's content; what lies behind is cut.
    """
    begin, stop = position / FRAMES_PER_SECOND, frames / FRAMES_PER_SECOND
    shift = (position - skipped) / FRAMES_PER_SECOND
    complete = position - skipped + utterance.frames <= frames
    latest = stop - 0.01 + (0.05 if complete else 0.0)
    words: list[TimedWord] = []
    for text, start, end in utterance.words:
        first, last = start + shift, end + shift
        if last > latest:
            return Segment(tuple(words), complete=False)
        if skipped and first < begin:
            if last - begin < 0.7 * (last - first):
                continue  # less than 70 % of it is heard: not to be written
            first = begin
        words.append(TimedWord(text, max(first, 0.0), min(last, stop)))
    return Segment(tuple(words), complete)
