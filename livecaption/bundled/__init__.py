"""What ships inside the package: a small model and two clips of speech with known word times.

They exist so that the demo, the tests and the benchmarks run real audio through a real model
without a network. Only paths and descriptions are handed out here; this module must not know how
a model is loaded or audio is decoded.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from livecaption.errors import MediaError

__all__ = ["MODEL_NAME", "Clip", "ClipWord", "load_clip", "model_path", "speech_clips"]

MODEL_NAME = "micro-en"
"""The name under which the bundled model is asked for."""

_ROOT = Path(__file__).parent
_AUDIO_SUFFIXES = (".flac", ".wav")
_CLIP_NAMES = ("meeting", "nopause")


@dataclass(frozen=True)
class ClipWord:
    """One word that is said in a clip, with the punctuation that follows it."""

    word: str
    start: float
    """Seconds from the start of the clip."""
    stop: float
    """Seconds from the start of the clip; never before `start`."""


@dataclass(frozen=True)
class Clip:
    """A recording of which every word is known."""

    name: str
    audio: Path
    """FLAC or WAV."""
    text: str
    """Everything that is said, with punctuation."""
    words: tuple[ClipWord, ...]
    """In the order they are said."""
    duration: float
    """Seconds."""


def model_path() -> Path:
    """Return the directory of the bundled model, as CTranslate2 and faster-whisper load it."""
    return _ROOT / "models" / MODEL_NAME


def speech_clips() -> tuple[Clip, ...]:
    """Return the bundled clips: a meeting of three voices, and one voice without a pause.

    Raises:
        MediaError: the installed package lacks their files, or they were damaged.
    """
    return tuple(load_clip(_ROOT / "speech" / f"{name}.json") for name in _CLIP_NAMES)


def load_clip(json_path: Path) -> Clip:
    """Read the description of a clip and find the audio beside it.

    Args:
        json_path: a JSON object with ``text``, ``duration`` (seconds) and ``words``, a list of
            {"word", "start", "end"} in seconds; other fields are passed over. The audio has the
            same name and ends in ``.flac`` or ``.wav``.

    Raises:
        MediaError: a file is missing or cannot be read, or the description is malformed.
    """
    description = _read_object(json_path)
    audio = _audio_beside(json_path)
    try:
        duration = _seconds(description, "duration")
        words = _words(description)
        text = _text(description, "text")
        _check_order(words, duration)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise MediaError(f"{json_path} does not describe a clip: {reason}.") from error
    return Clip(json_path.stem, audio, text, words, duration)


def _read_object(json_path: Path) -> dict[str, object]:
    try:
        description = json.loads(json_path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise MediaError(f"{json_path} cannot be read: {reason}.") from error
    except (ValueError, RecursionError) as error:
        raise MediaError(f"{json_path} does not describe a clip: it is no JSON text.") from error
    if not isinstance(description, dict):
        raise MediaError(f"{json_path} does not describe a clip: it holds no JSON object.")
    return description


def _audio_beside(json_path: Path) -> Path:
    candidates = [json_path.with_suffix(suffix) for suffix in _AUDIO_SUFFIXES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    names = " or ".join(candidate.name for candidate in candidates)
    raise MediaError(f"The audio of {json_path} is missing: put {names} beside it.")


def _words(description: dict[str, object]) -> tuple[ClipWord, ...]:
    words = description["words"]
    if not isinstance(words, list):
        raise TypeError("'words' must be a list")
    return tuple(_word(word) for word in words)


def _word(word: object) -> ClipWord:
    if not isinstance(word, dict):
        raise TypeError("each of 'words' must be an object")
    return ClipWord(_text(word, "word"), _seconds(word, "start"), _seconds(word, "end"))


def _text(fields: dict[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name!r} must be a text")
    return value


def _seconds(fields: dict[str, object], name: str) -> float:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name!r} must be a number of seconds")
    try:
        seconds = float(value)
    except OverflowError as error:
        raise ValueError(f"{name!r} is not a time") from error
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{name!r} must be a finite number of seconds, 0 or more")
    return seconds


def _check_order(words: tuple[ClipWord, ...], duration: float) -> None:
    """Make sure that words follow each other within the clip; benchmarks rely on it.

    Raises:
        ValueError: they do not.
    """
    previous = 0.0
    for index, word in enumerate(words):
        if not previous <= word.start <= word.stop <= duration:
            raise ValueError(
                f"word {index} must start no earlier than the one before it and end in the clip"
            )
        previous = word.start
