"""An engine that costs what a Whisper of given dimensions costs and hears what was really said.

Random weights give random words, on which no streaming policy can work. So the real model runs on
every batch (features, encode, generate, align), its words are thrown away, and the words the clip
is known to hold take their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.hypothesis import Word
from livecaption.engine.base import ModelInfo, Prepared, Shapes
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.scripted import ScriptedTranscriber

__all__ = ["WeighedTranscriber"]


class WeighedTranscriber:
    """See the module.

    Args:
        model: the real engine around random weights.
        heard: the words of each session, absolute samples.
    """

    def __init__(
        self, model: FasterWhisperTranscriber, heard: Mapping[str, Sequence[Word]]
    ) -> None:
        self._model = model
        self._ears = {name: ScriptedTranscriber(words) for name, words in heard.items()}

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def prepare(self, request: DecodeRequest) -> Prepared:
        return self._model.prepare(request)

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        results = self._model.transcribe(batch)
        return [replace(result, **self._words(result.request)) for result in results]

    def warm_up(self, *, briefly: bool = False) -> Shapes:
        return self._model.warm_up(briefly=briefly)

    def forget(self, session: str) -> None:
        self._model.forget(session)

    def _words(self, request: DecodeRequest) -> dict[str, object]:
        if request.session not in self._ears:
            return {}
        ears = self._ears[request.session]
        (heard,) = ears.transcribe([ears.prepare(request)])
        return {"words": heard.words, "avg_logprob": -0.3, "no_speech_prob": 0.0}
