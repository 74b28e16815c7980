"""What the publishers of a run say: stretches of clips, each with the times of its words.

Speakers do not begin in step, so publisher ``i`` of ``n`` starts at a pause of its own, and goes
round to the beginning of its clip where the clip ends. Cuts lie in pauses, or between two words
where no pause is near: half a word would count as an error that no server made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from livecaption.bundled import Clip, ClipWord
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import OperatorError
from livecaption.media.sources import open_source

__all__ = ["Excerpt", "LoadedClip", "beginning", "excerpts", "load_audio", "whole"]

_PAUSE_S = 0.2
"""Least silence between two words in which a clip may be cut."""
_TAIL_S = 0.3
"""Silence after the last word, at most."""
_NEAR_S = 3.0
"""A pause is waited for this long; then the end of a word has to do."""


@dataclass(frozen=True, slots=True)
class LoadedClip:
    """A clip with its audio, int16 at 16 kHz."""

    clip: Clip
    audio: Samples


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What one publisher plays: a recording from some place on, round and round."""

    name: str
    sound: Samples
    """The whole recording, int16 at 16 kHz; shared by all excerpts of a clip."""
    offset: int
    """Where in ``sound`` the excerpt begins, samples."""
    samples: int
    """How long it is; more than ``sound`` goes round."""
    words: tuple[ClipWord, ...]
    """Times in seconds from the start of the excerpt."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.samples / SAMPLE_RATE

    def block(self, at: int, length: int) -> Samples:
        """Return samples [at, at + length) of the excerpt, fewer at its end."""
        length = min(length, self.samples - at)
        first = (self.offset + at) % len(self.sound)
        piece = self.sound[first : first + length]
        while len(piece) < length:
            piece = np.concatenate([piece, self.sound[: length - len(piece)]])
        return piece


def load_audio(clips: Sequence[Clip]) -> list[LoadedClip]:
    """Decode the clips.

    Raises:
        OperatorError: there is none, or one cannot be read.
    """
    if not clips:
        raise OperatorError("There is no clip to play: the folder holds no description (*.json).")
    loaded = []
    for clip in clips:
        with open_source(str(clip.audio)) as source:
            loaded.append(LoadedClip(clip, np.concatenate(list(source))))
    return loaded


def excerpts(
    clips: Sequence[LoadedClip], streams: int, seconds: float | None = None
) -> list[Excerpt]:
    """Return what each of ``streams`` publishers says.

    Args:
        clips: given out in turn.
        streams: how many publishers there are.
        seconds: how long each speaks, to the nearest pause after it; None for its whole clip.
            Longer than the clip goes round.
    """
    rounds = -(-streams // len(clips))
    chosen = []
    for index in range(streams):
        loaded = clips[index % len(clips)]
        turned = _turned(loaded, (index // len(clips)) / rounds)
        chosen.append(turned if seconds is None else _cut(turned, seconds))
    return chosen


def whole(loaded: LoadedClip) -> Excerpt:
    """Return a clip from its start to its end."""
    return Excerpt(loaded.clip.name, loaded.audio, 0, len(loaded.audio), loaded.clip.words)


def beginning(excerpt: Excerpt, seconds: float) -> Excerpt:
    """Return the first ``seconds`` of an excerpt, less the word that is cut by their end."""
    words = tuple(word for word in excerpt.words if word.stop <= seconds)
    stop = words[-1].stop + 0.1 if words else seconds
    return replace(excerpt, samples=min(excerpt.samples, int(stop * SAMPLE_RATE)), words=words)


def _turned(loaded: LoadedClip, share: float) -> Excerpt:
    """Begin a clip at the cut next after ``share`` of it, and go round to there."""
    clip, sound = loaded.clip, loaded.audio
    length = len(sound) / SAMPLE_RATE
    cut = _cut_after(clip.words, share * length) if share else None
    if cut is None:
        return whole(loaded)
    offset = int(cut * SAMPLE_RATE)
    later = [_shifted(w, -offset / SAMPLE_RATE) for w in clip.words if w.start >= cut]
    before = [_shifted(w, length - offset / SAMPLE_RATE) for w in clip.words if w.start < cut]
    return Excerpt(f"{clip.name}@{cut:.1f}", sound, offset, len(sound), (*later, *before))


def _cut(excerpt: Excerpt, seconds: float) -> Excerpt:
    """End an excerpt at the cut next after ``seconds``, repeating it until it is long enough."""
    turns = max(1, math.ceil(seconds / excerpt.duration))
    words = [_shifted(w, turn * excerpt.duration) for turn in range(turns) for w in excerpt.words]
    stop = _cut_after(words, seconds) or turns * excerpt.duration
    said = tuple(word for word in words if word.start < stop)
    return replace(excerpt, samples=int(stop * SAMPLE_RATE), words=said)


def _cut_after(words: Sequence[ClipWord], wanted: float) -> float | None:
    """Return where to cut at or after ``wanted`` seconds; None when no two words follow it."""
    cuts = [
        (a.stop + min((b.start - a.stop) / 2, _TAIL_S), b.start - a.stop >= _PAUSE_S)
        for a, b in pairwise(words)
    ]
    after = [(at, pause) for at, pause in cuts if at >= wanted]
    near = (at for at, pause in after if pause and at <= wanted + _NEAR_S)
    return next(near, after[0][0] if after else None)


def _shifted(word: ClipWord, seconds: float) -> ClipWord:
    return ClipWord(word.word, word.start + seconds, word.stop + seconds)
