"""How far a transcript is from what was said: words and their times."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import jiwer
import numpy as np
import numpy.typing as npt
import soundfile
from faster_whisper.transcribe import Segment

__all__ = [
    "SpokenClip",
    "WordTimeErrors",
    "load_clips",
    "plain",
    "transcript",
    "word_error_line",
    "word_time_errors",
]


class SpokenClip(NamedTuple):
    """A clip written by `make_clips`."""

    name: str
    samples: npt.NDArray[np.float32]
    """Shape (samples,), 16 kHz."""
    description: dict[str, Any]
    """The JSON beside the audio; see `word_timed_clip`."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.description["duration"])


class WordTimeErrors(NamedTuple):
    """Hypothesis minus truth in seconds, over the words that both have, in order."""

    start: list[float]
    end: list[float]


def load_clips(folders: Iterable[Path], most: int) -> list[SpokenClip]:
    """Load the clips of some folders, evenly spread if there are more than `most`.

    Raises:
        SystemExit: there are none.
    """
    paths = [path for folder in folders for path in sorted(folder.glob("*.flac"))]
    if not paths:
        raise SystemExit("There are no clips in these folders; make them with make_clips.")
    return [_load_clip(path) for path in paths[:: max(1, len(paths) // most)][:most]]


def _load_clip(path: Path) -> SpokenClip:
    samples, _ = soundfile.read(path, dtype="float32")
    return SpokenClip(path.stem, samples, json.loads(path.with_suffix(".json").read_text()))


def plain(text: str) -> str:
    """Lower-case words and apostrophes only: case and punctuation count for nothing."""
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def transcript(segments: Iterable[Segment]) -> str:
    """The text of a decoding."""
    return "".join(segment.text for segment in segments).strip()


def word_error_line(name: str, pairs: list[tuple[str, str]]) -> str:
    """Word error rate of (truth, hypothesis) pairs of plain text, as a line to print."""
    truths, hypotheses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    result = jiwer.process_words(truths, hypotheses)
    words = sum(len(truth.split()) for truth in truths)
    return (
        f"{name:<34} {len(pairs):4d} clips {words:6d} words  {100 * result.wer:6.2f} %  "
        f"(substituted {result.substitutions}, deleted {result.deletions}, "
        f"inserted {result.insertions})"
    )


def word_time_errors(segments: Iterable[Segment], truth: list[dict[str, Any]]) -> WordTimeErrors:
    """Compare word times over the words that are right.

    Args:
        segments: decoded with word timestamps.
        truth: ``words`` of the clip.
    """
    heard = [
        (plain(word.word), word.start, word.end)
        for segment in segments
        for word in segment.words or ()
        if plain(word.word)
    ]
    said = [
        (plain(word["word"]), word["start"], word["end"]) for word in truth if plain(word["word"])
    ]
    matcher = difflib.SequenceMatcher(
        None, [word[0] for word in heard], [word[0] for word in said], autojunk=False
    )
    pairs = [
        (heard[block.a + i], said[block.b + i])
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    ]
    return WordTimeErrors([h[1] - s[1] for h, s in pairs], [h[2] - s[2] for h, s in pairs])
