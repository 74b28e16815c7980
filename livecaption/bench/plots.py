"""Reports as plots, with matplotlib (extra ``bench``); each plot answers one question.

Figures are made without pyplot: no window system, no state shared between calls.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from livecaption.errors import OperatorError

__all__ = ["COLOURS", "Plots", "draw", "inline_svg", "new_figure", "save"]

Plots = dict[str, Any]
"""matplotlib figures by name."""

COLOURS = ("#0b6e99", "#d9730d", "#6b8e23", "#8e44ad", "#7f8c8d", "#b03a2e")
"""Told apart by people who see colours differently, on paper, and on white."""

_PROLOG = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_IDS = re.compile(r'(\bid="|url\(#|href="#)')


def draw(report: Mapping[str, Any]) -> Plots:
    """Return the plots of a report, by name.

    Raises:
        OperatorError: matplotlib is not installed.
    """
    makers: dict[str, Callable[[Mapping[str, Any]], Plots]] = {
        "run": _run_plots,
        "capacity": _capacity_plots,
    }
    maker = makers.get(report["kind"])
    return maker(report) if maker else {}


def new_figure(title: str, x: str, y: str) -> tuple[Any, Any]:
    """Return a figure with one pair of axes.

    Raises:
        OperatorError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise OperatorError(
            "Plots need matplotlib: pip install 'livecaption[bench]' brings it."
        ) from None
    figure = Figure(figsize=(7.0, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(plots: Plots, folder: Path) -> list[Path]:
    """Write each plot as PNG and SVG; return the files."""
    paths = []
    for name, figure in plots.items():
        png, svg = folder / f"{name}.png", folder / f"{name}.svg"
        figure.savefig(png, dpi=144)
        svg.write_text(_svg(figure), encoding="utf-8")
        paths += [png, svg]
    return paths


def inline_svg(name: str, figure: Any) -> str:
    """Return a plot as an SVG element to put into a page.

    Ids get the plot's name in front: a page holds several plots.
    """
    element = _METADATA.sub("", _PROLOG.sub("", _svg(figure), count=1))
    return _IDS.sub(lambda match: f"{match[1]}{name}-", element)


def _svg(figure: Any) -> str:
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "livecaption"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _run_plots(report: Mapping[str, Any]) -> Plots:
    return {"delays": _delays(report), "lag": _lag(report["total"]["lag_over_time"])}


def _delays(report: Mapping[str, Any]) -> Any:
    figure, axes = new_figure("How soon words come", "seconds after the word was said", "words")
    series = [("shown_s", "first shown right", "-"), ("commit_s", "committed", "-")]
    for index, (name, label, line) in enumerate(series):
        curve = report["total"][name]["quantiles"]
        _steps(axes, curve, label, line, COLOURS[index])
        ideal = (report.get("ideal") or {}).get(name, {}).get("quantiles", [])
        _steps(axes, ideal, f"{label}, ideal", ":", COLOURS[index])
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_ylim(0, 1)
    axes.set_xlim(left=0)
    axes.legend(frameon=False)
    return figure


def _steps(axes: Any, curve: list[float], label: str, line: str, colour: str) -> None:
    if curve:
        shares = [index / (len(curve) - 1) for index in range(len(curve))]
        axes.plot(curve, shares, line, label=label, color=colour)


def _lag(samples: list[dict[str, float]]) -> Any:
    figure, axes = new_figure(
        "How long the oldest uncommitted word has been waiting", "seconds into the run", "seconds"
    )
    at = [sample["at"] for sample in samples]
    axes.plot(at, [s["max"] for s in samples], color=COLOURS[1], label="worst stream", lw=1)
    axes.plot(at, [s["p50"] for s in samples], color=COLOURS[0], label="median stream")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def _capacity_plots(report: Mapping[str, Any]) -> Plots:
    figure, axes = new_figure("Delay under load", "streams at once", "95 % of words within, s")
    tries = sorted(report["tries"], key=lambda t: t["streams"])
    for index, (name, label) in enumerate((("commit_s", "committed"), ("shown_s", "shown right"))):
        known = [(t["streams"], t[name]["p95"]) for t in tries if t[name]["p95"] is not None]
        axes.plot(*zip(*known, strict=True), "o-", color=COLOURS[index], label=label, ms=4)
    axes.axhline(report["limit"]["p95_s"], color=COLOURS[4], lw=1, ls="--", label="limit")
    axes.set_ylim(0, 3 * report["limit"]["p95_s"])
    axes.legend(frameon=False)
    return {"capacity": figure}
