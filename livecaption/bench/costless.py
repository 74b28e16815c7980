"""An engine that costs next to nothing, to measure everything around it.

It hears a word every 0.3 s, wherever the window lies, so that a decode takes time in proportion to
the window and to nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.hypothesis import Word
from livecaption.engine.base import Prepared
from livecaption.engine.scripted import ScriptedTranscriber

__all__ = ["CostlessTranscriber"]

_WORD = int(0.3 * SAMPLE_RATE)
_WORDS = ("so", "the", "next", "thing", "on", "this", "list", "is", "one", "more")


class CostlessTranscriber(ScriptedTranscriber):
    """See the module."""

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """See ``Transcriber.transcribe``."""
        requests = [prepared.request for prepared in batch]
        return [DecodeResult(request=r, words=_words(r), language="en") for r in requests]


def _words(request: DecodeRequest) -> tuple[Word, ...]:
    first, last = -(-request.start // _WORD), request.stop // _WORD
    return tuple(
        Word(f" {_WORDS[i % len(_WORDS)]}", i * _WORD, (i + 1) * _WORD, 0.9)
        for i in range(first, last)
    )
