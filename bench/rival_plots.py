"""The comparison as plots."""

from __future__ import annotations

from typing import Any

from livecaption.bench.plots import COLOURS, Plots, new_figure

__all__ = ["draw_rivals"]


def draw_rivals(report: dict[str, Any]) -> Plots:
    """Return delays of each server, and how they grow with the number of streams."""
    ran = {name: s for name, s in report["servers"].items() if "failed" not in s}
    plots = {"rivals-delays": _delays(ran), "rivals-curve": _curves(ran)}
    if any("capacity_shown" in server for server in ran.values()):
        plots["rivals-load"] = _load(ran)
    return plots


def _delays(servers: dict[str, Any]) -> Any:
    figure, axes = new_figure("One stream: when words come, median and 95 %", "seconds", "")
    kinds = [("first_text_s", "first text"), ("shown_s", "shown right"), ("commit_s", "committed")]
    for row, server in enumerate(servers.values()):
        for index, (key, label) in enumerate(kinds):
            delays = server["one_stream"]["total"][key]
            at = row + (index - 1) * 0.25
            axes.barh(at, delays["p95"], 0.2, color=COLOURS[index], alpha=0.35)
            first = label if row == 0 else None
            axes.barh(at, delays["p50"], 0.2, color=COLOURS[index], label=first)
    axes.set_yticks(range(len(servers)), list(servers))
    axes.invert_yaxis()
    axes.legend(frameon=False)
    return figure


def _curves(servers: dict[str, Any]) -> Any:
    figure, axes = new_figure(
        "One stream: committed words within …", "seconds after the word was said", "of all words"
    )
    for index, (name, server) in enumerate(servers.items()):
        curve = server["one_stream"]["total"]["commit_s"]["quantiles"]
        shares = [step / (len(curve) - 1) for step in range(len(curve))]
        axes.plot(curve, shares, label=name, color=COLOURS[index])
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_ylim(0, 1)
    axes.set_xlim(0, 15)
    axes.legend(frameon=False)
    return figure


def _load(servers: dict[str, Any]) -> Any:
    figure, axes = new_figure(
        "Under load", "streams at once", "95 % of words shown right within, s"
    )
    for index, (name, server) in enumerate(servers.items()):
        tries = sorted(
            server.get("capacity_shown", {}).get("tries", []), key=lambda t: t["streams"]
        )
        known = [(t["streams"], t["shown_s"]["p95"]) for t in tries if t["shown_s"]["p95"]]
        if known:
            axes.plot(*zip(*known, strict=True), "o-", color=COLOURS[index], label=name, ms=4)
    axes.axhline(1.5, color="#7f8c8d", lw=1, ls="--", label="limit")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(0, 6)
    axes.legend(frameon=False)
    return figure
