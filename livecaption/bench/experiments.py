"""The experiments: a run with repeats, and the search for capacity. Both return reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from livecaption.bench.capacity import CapacityLimit, CapacitySearch, verdict
from livecaption.bench.excerpts import Excerpt, LoadedClip, excerpts
from livecaption.bench.load_run import LoadRun, RunFigures, run_load, run_together
from livecaption.bench.report import new_report, run_report
from livecaption.bench.server_process import ServerUnderTest
from livecaption.bench.targets import Target
from livecaption.core.stats import percentile
from livecaption.errors import OperatorError

__all__ = ["Load", "find_capacity", "measure_runs"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Load:
    """What is played."""

    clips: Sequence[LoadedClip]
    streams: int = 1
    seconds: float | None = None
    """Of each stream; None plays every clip to its end, one after the other."""
    repeats: int = 1
    patience_s: float = 20.0
    """Longest wait for the last captions."""
    silence_s: float = 0.0
    """Silence at the end of each stream: some servers let go of their last words only then."""


async def measure_runs(target: Target, load: Load, say: Say) -> dict[str, Any]:
    """Play the load ``repeats`` times against one server.

    Raises:
        OperatorError: the server does not start, or no stream reached it.
    """
    async with target.serve() as server:
        runs: list[LoadRun] = []
        each: list[dict[str, Any]] = []
        for repeat in range(load.repeats):
            say(f"{target.name}: run {repeat + 1} of {load.repeats}, {load.streams} stream(s)")
            fresh = await _play(target, server, load)
            runs += fresh
            each.append(run_report(run_together(fresh, server.vitals)))
        report = new_report("run", target=target.name, model=server.model)
        whole = run_together(runs, server.vitals)
    if len(whole.problems) == len(whole.figures):
        raise OperatorError(f"No stream could be played: {whole.problems[0]}.")
    return {**report, "total": run_report(whole), "runs": each}


async def _play(target: Target, server: ServerUnderTest, load: Load) -> list[LoadRun]:
    """Play once: all clips in turn with a single stream, else different clips at the same time."""
    if load.streams == 1 and load.seconds is None:
        turns = [excerpts([clip], 1) for clip in load.clips]
    else:
        turns = [excerpts(load.clips, load.streams, load.seconds)]
    return [await _run(target, server, load, said) for said in turns]


async def find_capacity(
    target: Target, load: Load, search: CapacitySearch, limit: CapacityLimit, say: Say
) -> dict[str, Any]:
    """Find the largest number of streams that holds the limit.

    A server that did not hold it is started afresh: its backlog must not fail the next try.

    Raises:
        OperatorError: the server does not start.
    """
    tries: list[dict[str, Any]] = []
    model: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(target.serve())
        model = server.model
        alone = await _one_try(target, server, replace(load, streams=1))
        limit = replace(limit, baseline_lost=alone.errors.lost / max(1, alone.errors.said))
        why = verdict(alone, limit)
        _report_try(tries, alone, limit, why, say, target.name)
        if why is not None:
            search.learn(1, holds=False)
        while why is None and (count := search.next_count()) is not None:
            run = await _one_try(target, server, replace(load, streams=count))
            failure = verdict(run, limit)
            _report_try(tries, run, limit, failure, say, target.name)
            search.learn(count, holds=failure is None)
            if failure is not None:
                await stack.aclose()
                server = await stack.enter_async_context(target.serve())
    held = search.held if why is None else 0
    report = new_report("capacity", target=target.name, model=model)
    return {
        **report,
        "limit": {"delay": limit.kind, "p95_s": limit.p95_s, "most_lost": limit.most_lost},
        "capacity": held,
        "why_not_more": next((t["failed"] for t in reversed(tries) if t["failed"]), None),
        "tries": tries,
    }


async def _one_try(target: Target, server: ServerUnderTest, load: Load) -> RunFigures:
    seconds = load.seconds or 20.0
    said = excerpts(load.clips, load.streams, seconds)
    return run_together([await _run(target, server, load, said)], server.vitals)


async def _run(
    target: Target, server: ServerUnderTest, load: Load, said: Sequence[Excerpt]
) -> LoadRun:
    return await run_load(
        server.url,
        said,
        target.dialect,
        patience_s=load.patience_s,
        silence_s=load.silence_s,
    )


def _report_try(
    tries: list[dict[str, Any]],
    run: RunFigures,
    limit: CapacityLimit,
    failed: str | None,
    say: Say,
    name: str,
) -> None:
    tries.append({**run_report(run), "failed": failed})
    late = percentile(run.delays(limit.kind), 95)
    outcome = "held" if failed is None else f"not held: {failed}"
    say(f"{name}: {run.streams} streams, 95 % {limit.kind} delay {late:.2f} s, {outcome}")
