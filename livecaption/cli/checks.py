"""The checks behind ``livecaption doctor``: each looks at one thing and says what to do about it.

A check must survive a broken machine; what it did not expect becomes a finding, too. How findings
are shown is not known here.
"""

from __future__ import annotations

import os
import platform
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livecaption import __version__
from livecaption.asgi import load_transcriber
from livecaption.bundled import MODEL_NAME, speech_clips
from livecaption.cli.findings import Check, Finding, Status, guarded
from livecaption.cli.machine_checks import clock, exposure, open_files, transcripts
from livecaption.cli.outside_checks import outside
from livecaption.cli.throughput import bundled_speech, estimate, measure
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.file_transcript import FileOptions
from livecaption.engine.allocator import has_glibc, is_tuned
from livecaption.engine.catalog import auto_model, catalog
from livecaption.engine.cuda import CudaReport, probe
from livecaption.engine.download import cache_root, free_bytes, size_text
from livecaption.engine.files import FileTranscriber
from livecaption.engine.loading import ModelOptions, load_model, supported_compute_types
from livecaption.errors import OperatorError
from livecaption.media.recording import MemoryRecording
from livecaption.media.sources import open_source
from livecaption.settings import Settings

__all__ = ["Finding", "Status", "Subject", "examine", "planned"]

_LITTLE_SPACE = 4_000_000_000
"""Bytes that the largest model and its download need."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at besides the machine itself."""

    port: int = 8000
    """The one the server will listen on."""
    root: Path | None = None
    """Folder of downloaded models; the Hugging Face cache by default."""
    settings: Settings = field(default_factory=Settings)
    """As ``serve`` would have them."""
    url: str | None = None
    """The server's public address, if it is running."""


def examine(subject: Subject) -> list[Finding]:
    """Look at everything; takes about ten seconds."""
    return [guarded(name, check) for name, check in planned(subject).items()]


def planned(subject: Subject) -> dict[str, Check]:
    """Return the checks by name, in the order they are shown."""
    gpu = probe()
    settings, root, port = subject.settings, subject.root, subject.port
    return {
        "version": _version,
        "processor": _processor,
        "GPU": lambda: _gpu(gpu),
        "compute types": lambda: _compute_types(gpu),
        "models": lambda: _models(gpu, root),
        "disk": lambda: _disk(root),
        "audio decoding": _audio,
        "inference": lambda: _inference(gpu),
        "throughput": lambda: _throughput(gpu, subject),
        "transcripts": lambda: transcripts(settings),
        "clock": clock,
        "open files": lambda: open_files(settings),
        "exposure": lambda: exposure(settings),
        "port": lambda: _port(port),
        **(outside(subject.url) if subject.url else {"browser": lambda: _browser(port)}),
    }


def _version() -> Finding:
    detail = f"livecaption {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return Finding("version", Status.OK, detail)


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    detail = f"{platform.machine()}, {cores} cores"
    if is_tuned(os.environ):
        return Finding("processor", Status.OK, f"{detail}, memory allocator tuned")
    if has_glibc():
        detail = f"{detail}, memory allocator tuned when a command starts a model"
        return Finding("processor", Status.OK, detail)
    return Finding(
        "processor",
        Status.WARN,
        f"{detail}, a C library whose memory allocator cannot be tuned",
        "on Linux, prefer a distribution or image with glibc, such as Debian: the CPU is up to "
        "twice as fast there",
    )


def _gpu(gpu: CudaReport) -> Finding:
    if gpu.devices and gpu.problem:
        names = ", ".join(device.name for device in gpu.devices)
        return Finding("GPU", Status.WARN, f"{names} cannot be used", gpu.problem)
    if gpu.problem:
        return Finding("GPU", Status.OK, f"none, the CPU will be used: {gpu.problem}")
    devices = ", ".join(
        f"{d.index}: {d.name} ({size_text(d.memory_bytes)}, compute {d.capability[0]}."
        f"{d.capability[1]})"
        for d in gpu.devices
    )
    driver = ".".join(map(str, gpu.driver or ()))
    cublas = "" if gpu.cublas is None else f"; {gpu.cublas.path} " + _dotted(gpu.cublas.version)
    return Finding("GPU", Status.OK, f"{devices}; driver for CUDA {driver}{cublas}")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _compute_types(gpu: CudaReport) -> Finding:
    types = {"cpu": supported_compute_types("cpu")}
    if gpu.usable:
        types["cuda"] = supported_compute_types("cuda")
    detail = "; ".join(f"{device}: {', '.join(names)}" for device, names in types.items())
    return Finding("compute types", Status.OK, detail)


def _models(gpu: CudaReport, root: Path | None) -> Finding:
    here = [entry.name for entry in catalog(root) if entry.path and not entry.bundled]
    detail = f"{cache_root(root)}: {', '.join(here) or 'nothing downloaded yet'}"
    name, ready = auto_model("cuda" if gpu.usable else "cpu", root)
    if ready:
        return Finding("models", Status.OK, f"{detail}; auto is {name}")
    return Finding(
        "models",
        Status.WARN,
        f"{detail}; auto is {name}, which is not here",
        f"livecaption models pull {name}, or the first start downloads it",
    )


def _disk(root: Path | None) -> Finding:
    free = free_bytes(cache_root(root))
    detail = f"{size_text(free)} free for models"
    if free >= _LITTLE_SPACE:
        return Finding("disk", Status.OK, detail)
    return Finding("disk", Status.WARN, detail, "make room, or set HF_HOME to another disk")


def _audio() -> Finding:
    clip = speech_clips()[0]
    with open_source(str(clip.audio)) as source:
        decoded = sum(map(len, source)) / SAMPLE_RATE
    detail = f"{decoded:.1f} of {clip.duration:.1f} s of {clip.audio.name} decoded"
    if abs(decoded - clip.duration) < 0.1:
        return Finding("audio decoding", Status.OK, detail)
    return Finding("audio decoding", Status.FAIL, detail, "reinstall PyAV: pip install -U av")


def _inference(gpu: CudaReport) -> Finding:
    """Transcribe the first words of the bundled speech with the bundled model."""
    device = "cuda" if gpu.usable else "cpu"
    loaded = load_model(ModelOptions(model=MODEL_NAME, device=device), _unsaid)
    clip = speech_clips()[0]
    with open_source(str(clip.audio)) as source:
        audio = np.concatenate([next(source) for _ in range(40)])
    started = time.perf_counter()
    segments = FileTranscriber(loaded).open(MemoryRecording(audio), FileOptions())
    text = "".join(segment.text for segment in segments).strip()
    took = time.perf_counter() - started
    detail = (
        f"{MODEL_NAME} on {device} ({loaded.info.compute_type}): "
        f"{len(audio) / SAMPLE_RATE:.0f} s of speech in {took:.2f} s"
    )
    first = clip.words[0].word.casefold().strip(".,?")
    if first in text.casefold():
        return Finding("inference", Status.OK, f"{detail}, heard rightly")
    return Finding(
        "inference",
        Status.FAIL,
        f"{detail}, but not what was said",
        "reinstall ctranslate2, or try another --compute-type",
    )


def _throughput(gpu: CudaReport, subject: Subject) -> Finding:
    """Measure with the model that the server would take, if it is here, else with the bundled."""
    settings = subject.settings
    name, here = settings.model, True
    if name == "auto":
        name, here = auto_model("cuda" if gpu.usable else "cpu", subject.root)
    chosen = name if here else MODEL_NAME
    given = {"model": chosen, "download_root": subject.root or settings.download_root}
    try:
        transcriber = load_transcriber(settings.model_copy(update=given), _unsaid)
    except OperatorError as error:
        return Finding("throughput", Status.WARN, f"not measured: {error}")
    rows = 64 if transcriber.info.device == "cuda" else 8
    costs = measure(transcriber, bundled_speech(), rows)
    return estimate(transcriber.info, costs, stand_in=chosen != name, max_rows=rows)


def _unsaid(sentence: str) -> None:
    """Take what loading would report: the findings say it all."""


def _port(port: int) -> Finding:
    name = f"port {port}"
    with socket.socket() as probe_socket:
        probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe_socket.bind(("127.0.0.1", port))
        except PermissionError:
            return Finding(name, Status.FAIL, "not allowed", "choose a --port of 1024 or more")
        except OSError:
            return Finding(
                name,
                Status.WARN,
                "in use",
                "if that is not livecaption itself, stop it or choose another --port",
            )
    return Finding(name, Status.OK, "free")


def _browser(port: int) -> Finding:
    return Finding(
        "browser",
        Status.OK,
        f"microphones work at http://localhost:{port}, and elsewhere over https:// only",
        "to speak from other machines, put an HTTPS proxy in front; watching needs none",
    )
