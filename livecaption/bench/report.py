"""Figures as plain data, the same for JSON, tables, plots and the page.

The layout is ``livecaption-bench/1``; ``docs/benchmarks.md`` describes every field. Numbers keep
four decimals: more would only be noise.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from livecaption import __version__
from livecaption.bench.load_run import RunFigures
from livecaption.bench.word_errors import scorer
from livecaption.core.stats import percentile

__all__ = ["SCHEMA", "delay_row", "describe_machine", "new_report", "run_report"]

SCHEMA = "livecaption-bench/1"
_PERCENTS = (50, 95, 99)


def new_report(kind: str, **facts: Any) -> dict[str, Any]:
    """Return the head of a report.

    Args:
        kind: run, capacity, soak, rivals, …
        facts: what else belongs there.
    """
    return {
        "schema": SCHEMA,
        "kind": kind,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "livecaption": __version__,
        "word_errors_by": scorer(),
        **facts,
    }


def run_report(run: RunFigures) -> dict[str, Any]:
    """Return the figures of a run."""
    errors = run.errors
    return {
        "streams": run.streams,
        "audio_s": _short(run.audio_s),
        "word_error_rate": _short(errors.rate),
        "words": {"said": errors.said, "lost": errors.lost, "doubled": errors.doubled},
        "commit_s": delay_row(run.delays("commit")),
        "shown_s": delay_row(run.delays("shown")),
        "first_text_s": delay_row(run.delays("first")),
        "final_s": delay_row(run.delays("final")),
        "flicker": _short(run.flicker),
        "committed_words_changed": run.rewritten_words,
        "tail_words_changed": _short(run.tail_words_changed),
        "max_lag_s": _short(run.max_lag_s),
        "lost_s": _short(run.lost_s),
        "problems": run.problems,
        "cost": {name: _short(value) for name, value in run.cost.items()},
        "client": {"cores": _short(run.client_cores), "late_p99_s": _short(run.late_p99_s)},
        "lag_over_time": _lag_over_time(run),
    }


def delay_row(delays: Sequence[float]) -> dict[str, Any]:
    """Return count, percentiles, and every other percentile from 0 to 100 of some delays."""
    row: dict[str, Any] = {f"p{p}": _short(percentile(delays, p)) for p in _PERCENTS}
    curve = [_short(percentile(delays, p)) for p in range(0, 101, 2)] if delays else []
    return {"count": len(delays), **row, "quantiles": curve}


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, Python, and the versions that matter."""
    names = ("ctranslate2", "faster-whisper", "numpy", "uvicorn", "websockets")
    return {
        "processor": _processor(),
        "cores": len(_affinity()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in names},
    }


def _affinity() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _lag_over_time(run: RunFigures) -> list[dict[str, float | None]]:
    """Return, for each second, the median and the largest lag of the streams."""
    at: dict[float, list[float]] = {}
    for figures in run.figures:
        for moment, lag in figures.lags:
            at.setdefault(moment, []).append(lag)
    return [
        {"at": moment, "p50": _short(percentile(lags, 50)), "max": _short(max(lags))}
        for moment, lags in sorted(at.items())
    ]


def _short(value: float | None) -> float | None:
    """Round for reports; what is no number is None, because JSON has no nan."""
    if value is None or math.isnan(value):
        return None
    return round(value, 4)
