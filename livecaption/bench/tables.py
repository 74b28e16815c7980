"""Reports as tables for a terminal, and as rows for the page: the same words in both places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

__all__ = ["Rows", "capacity_rows", "quality_rows", "run_rows", "soak_rows", "table_of"]

Rows = list[tuple[str, ...]]
"""The first row is the heading."""


def table_of(title: str, rows: Rows) -> Table:
    """Return rows as a rich table."""
    table = Table(title=title, title_justify="left")
    for index, name in enumerate(rows[0]):
        table.add_column(name, justify="left" if index == 0 else "right")
    for row in rows[1:]:
        table.add_row(*row)
    return table


def run_rows(total: dict[str, Any], ideal: dict[str, Any] | None = None) -> Rows:
    """Return the figures of a run, what with an ideal engine they would be beside them."""
    rows: Rows = [("", "median", "95 %", "99 %", "ideal median", "ideal 95 %")]
    for name, title in (
        ("first_text_s", "first text, s"),
        ("shown_s", "word first shown right, s"),
        ("commit_s", "word committed, s"),
        ("final_s", "speech end to final, s"),
    ):
        row, best = total[name], (ideal or {}).get(name, {})
        cells = (row["p50"], row["p95"], row["p99"], best.get("p50"), best.get("p95"))
        rows.append((title, *(_seconds(cell) for cell in cells)))
    return rows


def quality_rows(total: dict[str, Any]) -> Rows:
    """Return what is counted rather than timed."""
    words, cost, client = total["words"], total["cost"], total["client"]
    return [
        ("", "value"),
        ("streams", str(total["streams"])),
        ("word error rate", _percent(total["word_error_rate"])),
        ("words said, lost, doubled", f"{words['said']}, {words['lost']}, {words['doubled']}"),
        ("flicker: changed after shown, per word", _percent(total["flicker"])),
        ("committed words changed", str(total["committed_words_changed"])),
        ("tail words that changed later", _percent(total["tail_words_changed"])),
        ("largest lag, s", _seconds(total["max_lag_s"])),
        ("audio lost, s", _seconds(total["lost_s"])),
        ("streams that failed", str(len(total["problems"]))),
        ("engine seconds per second of audio", _plain(cost.get("engine_s_per_audio_s"))),
        ("processor seconds per second of audio", _plain(cost.get("cpu_s_per_audio_s"))),
        ("processor cores in use", _plain(cost.get("cpu_cores"))),
        ("memory, MiB", _plain(cost.get("rss_mib"), 0)),
        ("event loop 99 % late, ms", _plain(cost.get("loop_p99_ms"), 1)),
        ("this client: cores, 99 % late s", f"{client['cores']}, {client['late_p99_s']}"),
    ]


def capacity_rows(tries: Sequence[dict[str, Any]]) -> Rows:
    """Return the tries of a capacity search, fewest streams first."""
    rows: Rows = [("streams", "commit 95 %", "shown 95 %", "errors", "cores", "outcome")]
    rows += [
        (
            str(t["streams"]),
            _seconds(t["commit_s"]["p95"]),
            _seconds(t["shown_s"]["p95"]),
            _percent(t["word_error_rate"]),
            _plain(t["cost"].get("cpu_cores")),
            t["failed"] or "held",
        )
        for t in sorted(tries, key=lambda t: t["streams"])
    ]
    return rows


def soak_rows(report: dict[str, Any]) -> Rows:
    """Return what a soak says of each thing watched."""
    rows: Rows = [("", "first", "last", "per hour", "95 % interval", "grows")]
    for name, fit in report["trends"].items():
        if fit is None:
            rows.append((name, "–", "–", "–", "too short to say", "–"))
            continue
        low, high = fit["interval_95"]
        numbers = (f"{fit['first']:g}", f"{fit['last']:g}", f"{fit['per_hour']:g}")
        rows.append((name, *numbers, f"{low:g} … {high:g}", "yes" if fit["grows"] else "no"))
    return rows


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _plain(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
