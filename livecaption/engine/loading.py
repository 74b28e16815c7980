"""From options to a model that has been tried out.

CTranslate2 opens the CUDA libraries only when it first computes, so a model that loads may still
be unable to run. Everything that can fail therefore happens here: the model is loaded, computes
a tenth of a second of silence on each device, and only then is handed out.

::

    options ─▶ device (probe; cuda only after the bundled model ran on it) ─▶ files ─▶ load ─▶ try

With ``device="auto"`` a GPU that does not serve is reported, and the CPU is used; asked for by
name, it is an error. Either way the sentence says what to install.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from livecaption.bundled import MODEL_NAME, model_path
from livecaption.engine.base import ModelInfo
from livecaption.engine.catalog import ResolvedModel, resolve
from livecaption.engine.cuda import INSTALL_CUBLAS, probe
from livecaption.errors import ModelNotFound, OperatorError

__all__ = [
    "LoadedModel",
    "ModelOptions",
    "cpu_workers",
    "describe_failure",
    "explain_failure",
    "load_model",
    "supported_compute_types",
]

DEVICES = ("auto", "cpu", "cuda")

_PREFERRED = {"cpu": ("int8", "float32"), "cuda": ("float16", "bfloat16", "float32")}
"""What ``auto`` takes of the supported types, best first: integers are fastest on a CPU, but not
offered on every GPU, and half precision needs no conversion there."""

_FAILURES = {
    "libcublas": f"the CUDA 12 library libcublas.so.12 cannot be opened; install it with "
    f"{INSTALL_CUBLAS}",
    "libcudnn": "this CTranslate2 wants cuDNN; update it with: pip install -U ctranslate2",
    "driver version is insufficient": "the NVIDIA driver is too old; install driver 525 or newer "
    "(CUDA 12)",
    "no CUDA-capable device": "there is no NVIDIA GPU, or this process may not see it",
    "invalid device ordinal": "there is no GPU with this index; check --device-index",
    "out of memory": "there is not enough GPU memory; stop what else uses it, take a smaller "
    "model, or --compute-type int8_float16",
    "no kernel image": "this GPU is too old for CTranslate2",
    "CUBLAS_STATUS_NOT_SUPPORTED": "this GPU does not support that compute type; use "
    "--compute-type float16",
}
"""Texts CTranslate2 fails with, and what they mean: clauses without a full stop."""

_TRIAL_FRAMES = 10
"""Mel frames of 10 ms."""

_MOST_THREADS_OF_A_WORKER = 4
"""More hardly make a window faster; faster-whisper takes as many."""
_MOST_WORKERS = 8
"""Each holds a batch in memory and needs Python between the calls to the engine."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which model to load, and where it runs."""

    model: str = "auto"
    """See ``catalog``."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    device_index: tuple[int, ...] = (0,)
    """GPUs to use, one copy of the model on each; without effect on the CPU."""
    compute_type: str = "auto"
    cpu_threads: int = 0
    """Threads on a CPU, of all workers together; 0 for as many as this process may run on."""
    side_by_side: bool = True
    """Whether several windows will be decoded at once; else all threads work on one."""
    download_root: Path | str | None = None
    local_files_only: bool = False


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is known to run."""

    model: WhisperModel
    info: ModelInfo
    temperature_fallback: bool = True
    """Whether a failed decode is worth repeating at higher temperatures."""
    short_windows: bool = False
    """Whether encoder inputs of 5 s do it no harm; most checkpoints want 10 s."""


class _DeviceUnusable(Exception):
    """The device cannot compute; carries a clause that says why."""


def load_model(options: ModelOptions, report: Callable[[str], None]) -> LoadedModel:
    """Load a model and try it out; takes seconds, minutes where it must be downloaded.

    Args:
        options: what to load.
        report: takes sentences for the operator: the device chosen, a download, a replacement.

    Raises:
        OperatorError: the device or the compute type cannot be used.
        ModelNotFound: the model does not exist, cannot be had, or is broken.
    """
    if options.device not in DEVICES:
        raise OperatorError(
            f"There is no device {options.device}; choose one of {', '.join(DEVICES)}."
        )
    if options.device == "cpu":
        return _load(options, "cpu", report)
    try:
        _check_cuda(options.device_index)
        return _load(options, "cuda", report)
    except _DeviceUnusable as error:
        if options.device == "cuda":
            raise OperatorError(f"CUDA cannot be used: {error}.") from error
        report(f"Using the CPU: {error}.")
    return _load(options, "cpu", report)


def cpu_workers(threads: int) -> tuple[int, int]:
    """Return how many windows or batches a CPU decodes side by side, and the threads of each.

    A window is too small to keep many threads busy: two workers with a thread each carry about half
    as many streams again as one worker with two threads (decision 12).

    Args:
        threads: of all workers together; 0 for as many as this process may run on.
    """
    total = threads or _usable_cores()
    each = min(_MOST_THREADS_OF_A_WORKER, max(1, total // 2))
    return min(_MOST_WORKERS, max(1, total // each)), each


def _cpu_plan(options: ModelOptions) -> tuple[int, int]:
    return cpu_workers(options.cpu_threads) if options.side_by_side else (1, options.cpu_threads)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def supported_compute_types(device: str, index: int = 0) -> tuple[str, ...]:
    """Return the compute types a device offers, sorted; empty where there is no such device."""
    try:
        return tuple(sorted(ctranslate2.get_supported_compute_types(device, index)))
    except (RuntimeError, ValueError):
        return ()


def explain_failure(error: Exception) -> str | None:
    """Return what a failure of CTranslate2 means for the operator, as a clause, if it is known."""
    return next((clause for text, clause in _FAILURES.items() if text in str(error)), None)


def describe_failure(error: Exception) -> str:
    """Return what a failure means or, where that is not known, its first line; a clause."""
    first_line = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    return explain_failure(error) or first_line


def _check_cuda(device_index: Sequence[int]) -> None:
    """Make sure that CUDA computes, with the bundled model, before a large one is downloaded."""
    found = probe()
    if found.problem:
        raise _DeviceUnusable(found.problem)
    missing = [str(index) for index in device_index if index not in range(len(found.devices))]
    if missing:
        here = ", ".join(f"{device.index} ({device.name})" for device in found.devices)
        raise OperatorError(f"There is no GPU {', '.join(missing)}; there is {here}.")
    small = ResolvedModel(MODEL_NAME, model_path(), bundled=True)
    _open(small, ModelOptions(device_index=tuple(device_index)), "cuda", "default")


def _load(options: ModelOptions, device: str, report: Callable[[str], None]) -> LoadedModel:
    index = tuple(options.device_index) if device == "cuda" else (0,)
    compute_type = _choose_compute_type(options.compute_type, device, index[0])
    root = Path(options.download_root).expanduser() if options.download_root else None
    resolved = resolve(
        options.model,
        device,
        root=root,
        local_files_only=options.local_files_only,
        report=report,
    )
    model = _open(resolved, options, device, compute_type)
    traits = _traits(resolved)
    workers = len(index) if device == "cuda" else _cpu_plan(options)[0]
    info = ModelInfo(
        name=resolved.name,
        device=device,
        compute_type=model.model.compute_type,
        multilingual=model.model.is_multilingual,
        languages=_languages(model),
        previous_text=traits["previous_text"],
        workers=workers,
    )
    return LoadedModel(model, info, traits["temperature_fallback"], traits["short_windows"])


def _choose_compute_type(asked: str, device: str, index: int) -> str:
    supported = supported_compute_types(device, index)
    if asked == "auto":
        return next((name for name in _PREFERRED[device] if name in supported), "default")
    if asked != "default" and asked not in supported:
        raise OperatorError(
            f"This machine's {device} does not offer the compute type {asked}; choose one of "
            f"auto, default, {', '.join(supported)}."
        )
    return asked


def _open(
    resolved: ResolvedModel, options: ModelOptions, device: str, compute_type: str
) -> WhisperModel:
    """Load a model and compute with it.

    Raises:
        _DeviceUnusable: the device does not compute.
        ModelNotFound: the files are no working Whisper model.
    """
    index = list(options.device_index) if device == "cuda" else 0
    workers, threads = _cpu_plan(options)
    try:
        model = WhisperModel(
            str(resolved.path),
            device=device,
            device_index=index,
            compute_type=compute_type,
            cpu_threads=threads,
            num_workers=1 if device == "cuda" else workers,
        )
        _check_alignment_heads(resolved.path)
        _try_out(model)
    except MemoryError as error:
        raise OperatorError(f"There is not enough memory for the model {resolved.name}.") from error
    except Exception as error:  # tokenizers raises nothing narrower
        clause = explain_failure(error)
        if clause and device == "cuda":
            raise _DeviceUnusable(clause) from error
        if "CUDA" in str(error) or "cuBLAS" in str(error):
            raise _DeviceUnusable(f"the GPU failed ({describe_failure(error)})") from error
        raise ModelNotFound(
            f"The model {resolved.name} in {resolved.path} cannot be loaded "
            f"({describe_failure(error)}); download or convert it again."
        ) from error
    return model


def _check_alignment_heads(path: Path) -> None:
    """Refuse a model without heads to align by: CTranslate2 would read memory that is not its own.

    Raises:
        ValueError: ``config.json`` names no heads, or names them in another form.
        OSError: it cannot be read.
    """
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    heads = config.get("alignment_heads")
    if not heads or not isinstance(heads, list) or not all(map(_is_head, heads)):
        raise ValueError("its config.json names no alignment_heads as [[layer, head], ...]")


def _is_head(head: object) -> bool:
    return (
        isinstance(head, list)
        and len(head) == 2
        and all(type(index) is int and index >= 0 for index in head)
    )


def _try_out(model: WhisperModel) -> None:
    """Decode and align on every device: its workers take one window each."""
    mels = len(model.feature_extractor.mel_filters)
    if mels != model.model.n_mels:
        raise ValueError(
            f"it takes {model.model.n_mels} mel bands, its preprocessor_config.json makes {mels}"
        )
    start = model.hf_tokenizer.token_to_id("<|startoftranscript|>")
    if start is None:
        raise ValueError("its tokenizer.json is not that of a Whisper model")
    silence = np.zeros((1, mels, _TRIAL_FRAMES), dtype=np.float32)
    features = ctranslate2.StorageView.from_array(silence)
    pending = [
        model.model.generate(features, [[start]], max_length=4, asynchronous=True)[0]
        for _ in model.model.device_index
    ]
    for answer in pending:
        answer.result()
    model.model.align(features, [start], [[0]], _TRIAL_FRAMES)


def _languages(model: WhisperModel) -> tuple[str, ...]:
    """Return the languages the model has a token for: not every checkpoint knows all of them."""
    if not model.model.is_multilingual:
        return ("en",)
    token_to_id = model.hf_tokenizer.token_to_id
    return tuple(
        code for code in model.supported_languages if token_to_id(f"<|{code}|>") is not None
    )


def _traits(resolved: ResolvedModel) -> dict[str, bool]:
    """Read ``livecaption.json``, in which a model's maker may say how it decodes best.

    Raises:
        ModelNotFound: the file is malformed.
    """
    traits = {
        "previous_text": True,
        "temperature_fallback": not resolved.bundled,
        "short_windows": False,
    }
    path = resolved.path / "livecaption.json"
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return traits
    except (OSError, ValueError) as error:
        raise ModelNotFound(f"{path} cannot be read ({error}); mend or remove it.") from error
    if not isinstance(given, dict) or not all(type(given.get(t, True)) is bool for t in traits):
        raise ModelNotFound(f"{path} must be an object with true or false for {', '.join(traits)}.")
    return {name: given.get(name, default) for name, default in traits.items()}
