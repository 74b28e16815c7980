"""Where reports go: a terminal, and a folder with JSON, plots and a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livecaption.bench.page import html_page
from livecaption.bench.plots import Plots, draw, save
from livecaption.bench.tables import Rows, capacity_rows, quality_rows, run_rows, soak_rows
from livecaption.errors import OperatorError

__all__ = ["tables_of", "title_of", "write_folder"]


def title_of(report: Mapping[str, Any]) -> str:
    """Return what a report is called."""
    name = report["target"]
    match report["kind"]:
        case "capacity":
            return f"{name}: {report['capacity']} streams held"
        case "soak":
            return f"{name}: {report['minutes']:g} minutes with {report['streams']} streams"
        case _:
            return f"{name}: {report['total']['streams']} stream(s)"


def tables_of(report: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """Return a report's tables with their headings."""
    match report["kind"]:
        case "capacity":
            return [("Tries", capacity_rows(report["tries"]))]
        case "soak":
            total = report["total"]
            return [("What grew", soak_rows(dict(report))), ("Delays", run_rows(total))]
        case _:
            total = report["total"]
            delays = run_rows(total, report.get("ideal"))
            return [("Delays", delays), ("Quality and cost", quality_rows(total))]


def write_folder(report: Mapping[str, Any], folder: Path) -> tuple[list[Path], str | None]:
    """Write the report as ``<kind>.json`` and ``<kind>.html``, and its plots.

    Returns:
        The files, and why there are no plots, in one sentence, if there are none.

    Raises:
        OperatorError: the folder cannot be written.
    """
    plots: Plots = {}
    missing = None
    try:
        plots = draw(report)
    except OperatorError as error:
        missing = str(error)
    kind = report["kind"]
    data, page = folder / f"{kind}.json", folder / f"{kind}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        data.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        text = html_page(title_of(report), report, tables_of(report), plots)
        page.write_text(text, encoding="utf-8")
        return [data, page, *save(plots, folder)], missing
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written: {error.strerror}.") from None
