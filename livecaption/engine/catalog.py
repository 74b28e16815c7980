"""Which models there are, which of them is meant, and where its files lie.

A model is named by a name of faster-whisper's (``small``), ``micro-en`` (bundled), a directory, any
``owner/name`` on the Hugging Face hub, or ``auto``. This module must not load one.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faster_whisper import available_models
from faster_whisper.utils import _MODELS

from livecaption.bundled import MODEL_NAME, model_path
from livecaption.engine.download import HubUnreachable, cache_root, cached, download
from livecaption.errors import ModelNotFound

__all__ = [
    "AUTO_MODELS",
    "CatalogEntry",
    "ResolvedModel",
    "auto_model",
    "catalog",
    "download_by_name",
    "find_cached",
    "missing_files",
    "resolve",
]

AUTO_MODELS = {"cuda": "large-v3-turbo", "cpu": "small"}
"""What ``auto`` means on each device: the best model that keeps up with several speakers."""

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NEEDED = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")

_SYNTHETIC_ONLY = (
    f"{MODEL_NAME} understands synthetic English voices only: it is for trying things out, "
    "not for people's speech"
)


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model whose files are all here."""

    name: str
    """Short, for people."""
    path: Path
    bundled: bool = False


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model that can be named."""

    name: str
    repository: str | None
    """``owner/name`` on the hub; None for the bundled model."""
    path: Path | None
    """Where its files lie; None when it is not downloaded, or not completely."""
    size_bytes: int | None
    """On the disk; None when it is not here."""

    @property
    def bundled(self) -> bool:
        """Whether it ships inside the package."""
        return self.repository is None


def catalog(root: Path | None = None) -> list[CatalogEntry]:
    """List the models that have a name, the bundled one first; no network.

    Args:
        root: folder of downloads; the hub's own cache by default.
    """
    entries = [CatalogEntry(MODEL_NAME, None, model_path(), _size(model_path()))]
    for name in available_models():
        path = find_cached(name, root)
        entries.append(CatalogEntry(name, _MODELS[name], path, _size(path) if path else None))
    return entries


def auto_model(device: str, root: Path | None = None) -> tuple[str, bool]:
    """Return what ``auto`` means on a device, and whether it is here already."""
    name = AUTO_MODELS[device]
    return name, find_cached(name, root) is not None


def find_cached(name: str, root: Path | None = None) -> Path | None:
    """Return the folder of a downloaded model if it is complete; no network.

    Args:
        name: a name of faster-whisper's, or ``owner/name``.
        root: folder of downloads; the hub's own cache by default.
    """
    path = cached(_MODELS.get(name, name), root)
    return None if path is None or missing_files(path) else path


def missing_files(path: Path) -> list[str]:
    """Return the files that a model directory lacks, by name; empty when it is complete."""
    missing = [name for name in _NEEDED if not (path / name).is_file()]
    if not any((path / name).is_file() for name in _VOCABULARIES):
        missing.append(_VOCABULARIES[0])
    return missing


def resolve(
    name: str,
    device: str,
    *,
    root: Path | None,
    local_files_only: bool,
    report: Callable[[str], None],
) -> ResolvedModel:
    """Find the files of a model, downloading them if they are not here.

    What is here already is used without asking the hub, so that a start needs no network.

    Args:
        name: see the module; ``auto`` picks by the device.
        device: ``cpu`` or ``cuda``.
        root: folder of downloads; the hub's own cache by default.
        local_files_only: never download.
        report: takes a sentence for the operator.

    Raises:
        ModelNotFound: no such model, an incomplete one, or it cannot be downloaded.
    """
    if name == MODEL_NAME:
        return ResolvedModel(MODEL_NAME, model_path(), bundled=True)
    if name == "auto":
        return _resolve_auto(device, root, report, local_files_only=local_files_only)
    try:
        if name and name not in _MODELS and Path(name).expanduser().is_dir():
            return _directory(Path(name).expanduser())
    except PermissionError as error:
        raise ModelNotFound(f"{name} cannot be read: you have no permission.") from error
    if name in _MODELS or (_HUB_ID.fullmatch(name) and not name.startswith(".")):
        path = _fetch(name, root, report, local_files_only=local_files_only)
        return ResolvedModel(name, path)
    raise ModelNotFound(_unknown(name))


def download_by_name(name: str, root: Path | None, report: Callable[[str], None]) -> Path:
    """Download a model, or its newer version, and return its folder.

    Args:
        name: a name of faster-whisper's, or ``owner/name``.
        root: folder of downloads; the hub's own cache by default.
        report: takes a sentence for the operator.

    Raises:
        ModelNotFound: no such model, or it cannot be downloaded.
    """
    repository = _MODELS.get(name, name)
    if not _HUB_ID.fullmatch(repository):
        raise ModelNotFound(_unknown(name))
    path = download(repository, root, report)
    _check_complete(name, path)
    return path


def _resolve_auto(
    device: str, root: Path | None, report: Callable[[str], None], *, local_files_only: bool
) -> ResolvedModel:
    name = AUTO_MODELS[device]
    try:
        path = _fetch(name, root, report, local_files_only=local_files_only)
    except HubUnreachable as error:
        report(
            f"WARNING: {error} Using the bundled model instead; {_SYNTHETIC_ONLY}. "
            f"Once online, run: livecaption models pull {name}"
        )
        return ResolvedModel(MODEL_NAME, model_path(), bundled=True)
    return ResolvedModel(name, path)


def _fetch(
    name: str, root: Path | None, report: Callable[[str], None], *, local_files_only: bool
) -> Path:
    path = find_cached(name, root)
    if path is not None:
        return path
    if local_files_only:
        raise HubUnreachable(
            f"The model {name} is not in {cache_root(root)}, and downloads are switched off."
        )
    return download_by_name(name, root, report)


def _directory(path: Path) -> ResolvedModel:
    if not (path / "model.bin").is_file() and any(path.glob("*.safetensors")):
        raise ModelNotFound(
            f"{path} holds a Transformers checkpoint; convert it with: ct2-transformers-converter "
            f"--model {path} --output_dir {path}-ct2 "
            "--copy_files tokenizer.json preprocessor_config.json"
        )
    _check_complete(str(path), path)
    return ResolvedModel(path.resolve().name, path)


def _check_complete(name: str, path: Path) -> None:
    missing = missing_files(path)
    if missing:
        raise ModelNotFound(
            f"The model {name} is incomplete: {path} lacks {', '.join(missing)}; download or "
            "convert it again."
        )


def _unknown(name: str) -> str:
    if Path(name).expanduser().is_file():
        return f"{name} is a file; a model is a directory with model.bin and tokenizer.json."
    if os.sep in name or name.startswith("."):
        return f"There is no model directory {name}; check the path."
    names = [MODEL_NAME, *available_models()]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(names)},"
    return f"There is no model {name}; {hint} or name a directory or an owner/name on Hugging Face."


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
