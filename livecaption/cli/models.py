"""``livecaption models``: what can be loaded, what is here, and fetching the rest ahead of time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from livecaption.cli.terminal import report
from livecaption.engine.catalog import (
    AUTO_MODELS,
    CatalogEntry,
    auto_model,
    catalog,
    download_by_name,
    find_cached,
)
from livecaption.engine.cuda import probe
from livecaption.engine.download import HubUnreachable, size_text

__all__ = ["DownloadRoot", "list_models", "pull"]

DownloadRoot = Annotated[
    Path | None,
    typer.Option(
        help="Folder of downloaded models.",
        envvar="LIVECAPTION_DOWNLOAD_ROOT",
        show_default="the Hugging Face cache",
    ),
]


def list_models(download_root: DownloadRoot = None) -> None:
    """List the models that have a name, and which of them are on this machine."""
    entries = catalog(download_root)
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        size = "" if entry.size_bytes is None else size_text(entry.size_bytes)
        typer.echo(f"{entry.name:{width}}  {size:>7}  {_state(entry)}".rstrip())
    device = _device()
    name, here = auto_model(device, download_root)
    hint = "" if here else f"; fetch it with: livecaption models pull {name}"
    typer.echo(f"\nauto is {name} on this machine ({device}){hint}")


def pull(
    name: Annotated[
        str, typer.Argument(help="A listed name, auto, or an owner/name on Hugging Face.")
    ],
    download_root: DownloadRoot = None,
) -> None:
    """Download a model, or its newer version, so that a later start needs no network."""
    if name == "auto":
        name = AUTO_MODELS[_device()]
    if any(entry.name == name and entry.bundled for entry in catalog(download_root)):
        typer.echo(f"{name} ships with livecaption; there is nothing to download.")
        return
    try:
        path = download_by_name(name, download_root, report)
    except HubUnreachable as error:
        here = find_cached(name, download_root)
        if here is None:
            raise
        report(f"{error} The version that is here stays.")
        path = here
    typer.echo(f"{name} is in {path}")


def _state(entry: CatalogEntry) -> str:
    if entry.bundled:
        return "bundled: synthetic English voices only, for trying things out"
    return "downloaded" if entry.path else ""


def _device() -> str:
    return "cuda" if probe().usable else "cpu"
