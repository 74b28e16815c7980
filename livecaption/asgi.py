"""Composition root: the only place that picks the real parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from livecaption.core.batching import BatchPolicy
from livecaption.detect.webrtc import new_detector
from livecaption.egress.address import SinkAddress, parse_sink
from livecaption.egress.exchange import Dialect
from livecaption.egress.sink import Sink
from livecaption.engine.base import Transcriber
from livecaption.engine.batcher import Batcher
from livecaption.engine.loading import ModelOptions
from livecaption.engine.supervised import SupervisedTranscriber
from livecaption.engine.supervisor import Supervisor, Watchdog
from livecaption.resident import ResidentModel
from livecaption.server.app import build_app
from livecaption.settings import Settings

__all__ = ["create_app", "load_transcriber", "read_sinks", "recipe_of", "running_engine"]


def load_transcriber(settings: Settings, report: Callable[[str], None]) -> Transcriber:
    """Load the model the settings name, into this process.

    Args:
        settings: model, device, compute type.
        report: takes sentences for the operator.

    Raises:
        OperatorError: the model or the device cannot be used.
    """
    return recipe_of(settings)(report)


@contextmanager
def running_engine(settings: Settings, report: Callable[[str], None]) -> Iterator[Transcriber]:
    """Load the model into a process of its own, which is watched, and ends with the block.

    Args:
        settings: model, device, compute type, and when it hangs.
        report: takes sentences for the operator.

    Raises:
        OperatorError: the model or the device cannot be used.
    """
    if settings.engine_in_process or os.name != "posix":
        yield load_transcriber(settings, report)
        return
    supervisor = Supervisor(recipe_of(settings), report, Watchdog(hang_s=settings.engine_hang_s))
    with SupervisedTranscriber(supervisor) as engine:
        yield engine


def recipe_of(settings: Settings) -> ResidentModel:
    """Return how the model is made that the settings name."""
    options = ModelOptions(
        model=settings.model,
        device=settings.device,
        device_index=settings.device_index,
        compute_type=settings.compute_type,
        cpu_threads=settings.cpu_threads,
        download_root=settings.download_root,
    )
    return ResidentModel(options, settings.bucket_floor)


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
