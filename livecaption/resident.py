"""The resident model, put together from its parts, and how its process is told to do so.

The engine's process imports this module and nothing of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from livecaption.detect.silero import SileroVerifier
from livecaption.engine.base import ModelInfo
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.files import FileTranscriber
from livecaption.engine.loading import ModelOptions, load_model

__all__ = ["ResidentModel"]


@dataclass(frozen=True, slots=True)
class ResidentModel:
    """A ``Recipe``: what to load, and how it decodes."""

    options: ModelOptions
    bucket_floor: int | None = None
    """Least encoder length, mel frames; None takes what suits the model."""

    def __call__(self, report: Callable[[str], None], /) -> FasterWhisperTranscriber:
        """Load it; see ``Recipe``.

        Raises:
            OperatorError: the model or the device cannot be used.
        """
        loaded = load_model(self.options, report)
        is_gpu = loaded.info.device == "cuda"
        config = EngineConfig(
            is_speech=SileroVerifier(),
            max_rows=64 if is_gpu else 8,
            # Greedy finals share batches with partials; on a CPU that capacity is worth more than
            # what a beam finds (see docs/adr/0004-streaming-defaults.md).
            final_beam=5 if is_gpu else 1,
            bucket_floor=self.bucket_floor or (500 if loaded.short_windows else 1000),
            fallback_temperature=0.4 if loaded.temperature_fallback else 0.0,
        )
        files = FileTranscriber(loaded)
        return FasterWhisperTranscriber(loaded.model, loaded.info, config, files=files)

    def again(self, info: ModelInfo, /) -> ResidentModel:
        """See ``Recipe``: no other device, however this one fares, and no network."""
        options = replace(
            self.options,
            model=info.name if self.options.model == "auto" else self.options.model,
            device=info.device,
            compute_type=info.compute_type,
            local_files_only=True,
        )
        return replace(self, options=options)
