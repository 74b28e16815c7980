"""faster-whisper's ``transcribe``, held to a single window.

It runs until it has a segment to give, which can take many windows, and it computes the features
of the whole recording before the first. Given 30 s of audio it would still begin a second window
where the first left a sentence unfinished; here it is stopped at that point, and told where it
was, so that the caller decides when to go on.
"""

from __future__ import annotations

import copy
from typing import Any

from faster_whisper import WhisperModel

from livecaption.core.audio import SAMPLE_RATE, Samples, pcm16_to_float32

__all__ = ["WINDOW_SAMPLES", "end_of", "transcribe_window"]

WINDOW_SAMPLES = 30 * SAMPLE_RATE


class _WindowDone(Exception):
    """Raised through faster-whisper when it is about to begin a second window."""


def transcribe_window(
    model: WhisperModel, audio: Samples, settings: dict[str, Any]
) -> tuple[list[Any], bool]:
    """Transcribe at most 30 s with one pass of the encoder.

    Args:
        model: shared with others; nothing of it is changed.
        audio: int16, 16 kHz, shape (n,) with 0 < n ≤ WINDOW_SAMPLES.
        settings: of faster-whisper's ``transcribe``; the language must be among them.

    Returns:
        faster-whisper's segments, and whether they cover all of the audio: False when something
        unfinished follows the last of them.
    """
    segments, _ = _first_window_only(model).transcribe(pcm16_to_float32(audio), **settings)
    found: list[Any] = []
    try:
        # Not ``list(segments)``: what came before the end must survive it.
        for segment in segments:
            found.append(segment)  # noqa: PERF402
    except _WindowDone:
        return found, False
    return found, True


def end_of(segment: Any) -> int:
    """Return the sample of its window at which a segment of faster-whisper's ends."""
    last = segment.words[-1] if segment.words else segment
    sample: int = round(last.end * SAMPLE_RATE)
    return sample


def _first_window_only(model: WhisperModel) -> WhisperModel:
    """Return a view of a model that encodes one window and then raises ``_WindowDone``.

    Every window begins with ``encode``: the only call that tells it from the one before.
    """
    view = copy.copy(model)
    begun = False

    def encode(features: Any) -> Any:
        nonlocal begun
        if begun:
            raise _WindowDone
        begun = True
        return model.encode(features)

    view.encode = encode
    return view
