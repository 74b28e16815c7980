"""From CTranslate2's encoder output and faster-whisper's alignments to rows and timed words."""

from __future__ import annotations

from collections.abc import Sequence

import ctranslate2
import numpy as np
from faster_whisper.transcribe import merge_punctuations

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.decode import DecodeRequest
from livecaption.core.hypothesis import Word

__all__ = ["rows_of", "words_from"]

_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


def rows_of(encoded: ctranslate2.StorageView, indexes: Sequence[int]) -> ctranslate2.StorageView:
    """Copy some rows of an encoder output, shape (rows, positions, width)."""
    host = encoded.to_device(ctranslate2.Device.cpu) if encoded.device == "cuda" else encoded
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.array(host)[list(indexes)]))


def words_from(
    alignment: list[dict[str, object]], request: DecodeRequest, language: str | None
) -> tuple[Word, ...]:
    """Turn faster-whisper's alignment into words in absolute samples, inside the window.

    A piece without a leading space goes on with the word before it ("I" and "'ve"), except in
    languages that do not put spaces between words.
    """
    merge_punctuations(alignment, _PREPENDED, _APPENDED)
    spaced = language not in _WITHOUT_SPACES
    words: list[Word] = []
    for entry in alignment:
        text = str(entry["word"])
        if not text.strip():
            continue
        start = request.start + int(float(str(entry["start"])) * SAMPLE_RATE)
        stop = request.start + int(float(str(entry["end"])) * SAMPLE_RATE)
        start = min(max(start, request.start), request.stop)
        stop = min(max(stop, start), request.stop)
        probability = float(str(entry["probability"]))
        if spaced and words and not text.startswith(" "):
            before = words.pop()
            text, start = before.text + text, before.start
            probability = min(before.probability, probability)
        words.append(Word(text, start, stop, probability))
    return tuple(words)
