"""Composition root: the only place that picks the real parts."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette

from livecaption.core.batching import BatchPolicy
from livecaption.detect.silero import SileroVerifier
from livecaption.detect.webrtc import new_detector
from livecaption.egress.address import SinkAddress, parse_sink
from livecaption.egress.exchange import Dialect
from livecaption.egress.sink import Sink
from livecaption.engine.base import Transcriber
from livecaption.engine.batcher import Batcher
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.files import FileTranscriber
from livecaption.engine.loading import ModelOptions, load_model
from livecaption.server.app import build_app
from livecaption.settings import Settings

__all__ = ["create_app", "load_transcriber", "read_sinks"]


def load_transcriber(settings: Settings, report: Callable[[str], None]) -> FasterWhisperTranscriber:
    """Load the model the settings name.

    Args:
        settings: model, device, compute type.
        report: takes sentences for the operator.

    Raises:
        OperatorError: the model or the device cannot be used.
    """
    loaded = load_model(
        ModelOptions(
            model=settings.model,
            device=settings.device,
            device_index=settings.device_index,
            compute_type=settings.compute_type,
            cpu_threads=settings.cpu_threads,
            download_root=settings.download_root,
        ),
        report,
    )
    rows = 64 if loaded.info.device == "cuda" else 8
    config = EngineConfig(
        is_speech=SileroVerifier(),
        max_rows=rows,
        # Greedy finals share batches with partials; on a CPU that capacity is worth more than
        # what a beam finds (see docs/adr/0004-streaming-defaults.md).
        final_beam=5 if loaded.info.device == "cuda" else 1,
        bucket_floor=settings.bucket_floor or (500 if loaded.short_windows else 1000),
        fallback_temperature=0.4 if loaded.temperature_fallback else 0.0,
    )
    files = FileTranscriber(loaded)
    return FasterWhisperTranscriber(loaded.model, loaded.info, config, files=files)


def read_sinks(settings: Settings) -> list[tuple[SinkAddress, Dialect]]:
    """Return where captions go besides the readers of their rooms.

    Raises:
        OperatorError: an address is none; the sentence does not repeat it.
    """
    return [parse_sink(spec.get_secret_value()) for spec in settings.sinks]


def create_app(
    settings: Settings, transcriber: Transcriber, *, max_rows: int | None = None
) -> Starlette:
    """Return the application around a loaded model.

    Raises:
        OperatorError: a sink's address is none.
    """
    addresses = read_sinks(settings)
    rows = max_rows or (64 if transcriber.info.device == "cuda" else 8)
    return build_app(
        settings,
        lambda: Batcher(transcriber, BatchPolicy(max_rows=rows)),
        new_detector,
        lambda: [Sink.to(address, dialect) for address, dialect in addresses],
    )
