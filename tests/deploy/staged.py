"""The scripted engine with stages, as the real one has them."""

from __future__ import annotations

from collections.abc import Sequence

from livecaption.core.decode import DecodeResult
from livecaption.engine.base import Prepared
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.engine.stages import Stage, StageClock

__all__ = ["StagedTranscriber"]


class StagedTranscriber(ScriptedTranscriber):
    """Hears its script, and says how long the stages took."""

    stages = StageClock()

    def transcribe(self, batch: Sequence[Prepared]) -> list[DecodeResult]:
        """See ``Transcriber.transcribe``."""
        for stage in Stage:
            with self.stages.timing(stage):
                pass
        return super().transcribe(batch)
