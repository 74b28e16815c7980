"""Getting a model from the Hugging Face hub into its cache, and saying clearly why that failed.

faster-whisper downloads; this module adds what it leaves out: a look at the disk before, a
progress bar on a terminal, and one sentence for each way it can fail. It must not know which
model is wanted, or why.
"""

from __future__ import annotations

import errno
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import huggingface_hub.constants
from faster_whisper import download_model
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from livecaption.errors import ModelNotFound

__all__ = ["HubUnreachable", "cache_root", "cached", "download", "free_bytes", "size_text"]

_ANSWER_S = 10.0
"""How long the hub may take to answer before it counts as unreachable."""

_WANTED = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.")
"""What faster-whisper downloads of a repository: names, or how they begin."""

# The hub client has changed its HTTP library twice; the first base of its HTTP error is that
# library's root, and connection errors of the newer ones are no OSErrors. What the hub's own
# transport, a Rust library, has no class for is a RuntimeError with the system's text.
_FAILURES: tuple[type[Exception], ...] = (
    OSError,
    RuntimeError,
    HFValidationError,
    *HfHubHTTPError.__bases__,
)

_SERVER_ERRORS = 500
_TOO_MANY = 429


class HubUnreachable(ModelNotFound):
    """There is no network, or the hub is down: another model may serve meanwhile."""


def cache_root(root: Path | None) -> Path:
    """Return the folder downloads go to: the one named, or the hub's own cache."""
    return root or Path(huggingface_hub.constants.HF_HUB_CACHE)


def cached(repository: str, root: Path | None) -> Path | None:
    """Return the folder of a downloaded repository, which may be incomplete; no network."""
    try:
        return Path(download_model(repository, local_files_only=True, cache_dir=_text(root)))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def download(repository: str, root: Path | None, report: Callable[[str], None]) -> Path:
    """Download a repository, or only what is missing or newer; return its folder.

    Shows a progress bar when standard error is a terminal.

    Args:
        repository: ``owner/name``.
        root: see ``cache_root``.
        report: takes a sentence for the operator.

    Raises:
        HubUnreachable: no network, or the hub is down.
        ModelNotFound: there is no such model, access is refused, or the disk is full.
    """
    folder = cache_root(root) / f"models--{repository.replace('/', '--')}"
    with _failures_as_sentences(repository, cache_root(root)):
        listing = HfApi().model_info(repository, files_metadata=True, timeout=_ANSWER_S)
        files = [f for f in listing.siblings or () if f.rfilename.startswith(_WANTED)]
        if not any(f.rfilename == "model.bin" for f in files):
            raise ModelNotFound(
                f"{repository} holds no CTranslate2 model (there is no model.bin); look for a "
                "version converted for faster-whisper."
            )
        total = sum(f.size or 0 for f in files)
        missing = total - _held_bytes(folder)
        if missing > 0:
            _check_space(repository, missing, cache_root(root))
            report(f"Downloading {repository} ({size_text(total)}) to {cache_root(root)}.")
        with _FolderProgress(repository, folder, total):
            return Path(download_model(repository, cache_dir=_text(root)))


def free_bytes(folder: Path) -> int:
    """Return the free space where a folder is, or will be."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def size_text(size: int) -> str:
    """Format a number of bytes for people: ``1.6 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


class _FolderProgress(Progress):
    """A bar that reads how far a download is from the folder it goes to.

    The folder is all that the ways of downloading (plain HTTP, or the hub's own transport) and
    the versions of the hub client have in common.
    """

    def __init__(self, repository: str, folder: Path, total: int) -> None:
        console = Console(file=sys.stderr)
        self._folder = folder
        self._task: TaskID | None = None
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=False,
        )
        self._task = self.add_task(repository, total=total)

    def get_renderables(self) -> Iterator[RenderableType]:
        """Look at the folder, then draw."""
        if self._task is not None:
            self.update(self._task, completed=_held_bytes(self._folder))
        yield from super().get_renderables()


def _held_bytes(folder: Path) -> int:
    """Bytes on the disk, those of unfinished files included."""
    held = 0
    for path in folder.glob("blobs/*"):
        try:
            # Blocks, not length: a file may be laid out before it is filled.
            held += path.stat().st_blocks * 512
        except OSError:  # renamed just now
            continue
    return held


def _check_space(repository: str, needed: int, root: Path) -> None:
    free = free_bytes(root)
    if free < needed:
        raise ModelNotFound(
            f"{repository} needs {size_text(needed)}, but {root} has only {size_text(free)} free; "
            "make room, or set HF_HOME to a folder on another disk."
        )


@contextmanager
def _failures_as_sentences(repository: str, root: Path) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        cause = error.__cause__
        # Behind "not in the cache" is what kept the hub client from downloading.
        hidden = isinstance(error, LocalEntryNotFoundError) and isinstance(cause, _FAILURES)
        raise _explained(cause if hidden and cause else error, repository, root) from error


def _explained(error: BaseException, repository: str, root: Path) -> ModelNotFound:
    if isinstance(error, GatedRepoError):
        return ModelNotFound(
            f"{repository} is given only to those who accept its conditions: do so at "
            f"{huggingface_hub.constants.ENDPOINT}/{repository}, then set HF_TOKEN."
        )
    if isinstance(error, (RepositoryNotFoundError, HFValidationError)):
        return ModelNotFound(
            f"There is no model {repository} on Hugging Face, or it is private; check the name, "
            "or set HF_TOKEN."
        )
    if isinstance(error, HfHubHTTPError):
        return _refused(error.response.status_code, repository)
    if isinstance(error, OfflineModeIsEnabled):
        return HubUnreachable(
            f"{repository} is not in the cache, and HF_HUB_OFFLINE forbids to download it."
        )
    fault = _disk_fault(error)
    if fault:
        return ModelNotFound(fault.format(name=repository, root=root))
    return HubUnreachable(
        f"{repository} cannot be downloaded: Hugging Face cannot be reached; check the network "
        "connection and any proxy."
    )


def _disk_fault(error: BaseException) -> str | None:
    if isinstance(error, OSError):
        return _DISK_FAULTS.get(error.errno or 0)
    found = re.search(r"\(os error (\d+)\)", str(error))
    return _DISK_FAULTS.get(int(found[1])) if found else None


_DISK_FAULTS = {
    errno.ENOSPC: "The disk of {root} is full, so {name} was not downloaded; make room, or set "
    "HF_HOME to a folder on another disk.",
    errno.EDQUOT: "Your quota in {root} is used up, so {name} was not downloaded; make room, or "
    "set HF_HOME to another folder.",
    errno.EACCES: "{name} cannot be stored in {root}: you may not write there; set HF_HOME to a "
    "folder of yours.",
    errno.EROFS: "{name} cannot be stored in {root}, which is read-only; set HF_HOME to another "
    "folder.",
}


def _refused(status: int, repository: str) -> ModelNotFound:
    if status >= _SERVER_ERRORS or status == _TOO_MANY:
        return HubUnreachable(
            f"{repository} cannot be downloaded: Hugging Face is overloaded or down "
            f"(HTTP {status}); try again later."
        )
    return ModelNotFound(
        f"Hugging Face refuses {repository} (HTTP {status}); check the name, HF_TOKEN and any "
        "proxy."
    )


def _text(root: Path | None) -> str | None:
    return None if root is None else str(root)
