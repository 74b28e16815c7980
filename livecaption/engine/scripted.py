"""A deterministic engine for tests and for work on pages: it "hears" a script.

A script says which word is spoken when, on the audio clock. A decode returns the words whose
middle lies in its window; a word cut by the window's end is heard as a fragment, the way a real
decoder mishears it, so that stabilisation has something to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.batching import BatchKey
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.hypothesis import Word
from livecaption.engine.base import ModelInfo, Prepared, Shapes
from livecaption.engine.file_engine import FileEngine

__all__ = ["ScriptedTranscriber", "ScriptedWindow", "script"]


def script(text: str, *, start: float = 0.0, word_s: float = 0.3) -> tuple[Word, ...]:
    """Return the words of ``text``, evenly spaced from ``start`` (seconds), ``word_s`` each."""
    words = []
    for index, token in enumerate(text.split()):
        begin = int((start + index * word_s) * SAMPLE_RATE)
        words.append(Word(f" {token}", begin, begin + int(word_s * SAMPLE_RATE), 0.9))
    return tuple(words)


@dataclass(frozen=True, slots=True)
class ScriptedWindow:
    """A request as it is; there is nothing to prepare."""

    request: DecodeRequest
    key: BatchKey
    bucket: int = 1000


class ScriptedTranscriber:
    """Hears the same script in every session.

    Args:
        words: in order, absolute samples.
        before_batch: called in the engine thread before each batch, with its requests; may raise
            or wait, to play a failing or a slow engine.
        files: what transcribes files.
    """

    def __init__(
        self,
        words: Sequence[Word] = (),
        before_batch: Callable[[Sequence[DecodeRequest]], None] | None = None,
        files: FileEngine | None = None,
    ) -> None:
        self._words = tuple(words)
        self._before_batch = before_batch
        self.files = files
        self.info = ModelInfo(
            name="scripted",
            device="cpu",
            compute_type="none",
            multilingual=False,
            languages=("en",),
            previous_text=False,
        )

    def prepare(self, request: DecodeRequest) -> ScriptedWindow:
        """See ``Transcriber.prepare``."""
        return ScriptedWindow(request, BatchKey(1, 0))

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """See ``Transcriber.transcribe``."""
        requests = [prepared.request for prepared in batch]
        if self._before_batch is not None:
            self._before_batch(requests)
        return [
            DecodeResult(request=request, words=self._hear(request), language="en")
            for request in requests
        ]

    def warm_up(self, *, briefly: bool = False) -> Shapes:  # noqa: ARG002
        """Nothing to warm."""
        return {}

    def forget(self, session: str) -> None:
        """Nothing is cached."""

    def _hear(self, request: DecodeRequest) -> tuple[Word, ...]:
        heard = []
        for word in self._words:
            if not request.start <= (word.start + word.stop) // 2 < request.stop:
                continue
            if word.stop > request.stop:
                cut = word.text[: max(2, len(word.text) // 2)]
                word = Word(cut, word.start, request.stop, 0.4)
            heard.append(word)
        return tuple(heard)
