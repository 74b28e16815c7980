"""Raw-socket abuse for minutes, and thousands of connections that come and go, beside a neighbour.

Twenty-two attacks go on side by side, each again and again: idle sockets, half headers, floods,
endless fragments, readers that never read, bodies that never come (``tests/faults/attacks.py``).
The server runs as it is by default, but for an engine that costs nothing, no limit per address
(all attackers share one), and lost sessions that are kept for a second. Promised: descriptors
and tasks back within 5 s, memory at most 8 MB more, the neighbour's delay unmoved.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from tests.faults.attacks import ENDED_WITHIN_S
from tests.faults.churn import churn
from tests.faults.siege import besiege

TITLE = "raw-socket abuse and churn: what is left of it, what a neighbour notices"
_WARM_UP = 1000
"""Connections that come first: pools and allocators grow with them to their size, once."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=10.0, help="of abuse; 0 for none")
    parser.add_argument("--churn", type=int, default=10_000, help="connections; 0 for none")
    parser.add_argument(
        "--hold", type=float, default=30.0, help="seconds for which an attack holds"
    )
    parser.add_argument("--calm", type=float, default=30.0, help="seconds before and after")
    parser.add_argument("--seed", type=int, default=1)


def run(options: argparse.Namespace) -> dict[str, Any]:
    result: dict[str, Any] = {"seed": options.seed}
    if options.churn:
        result["churn"] = _measure(
            lambda port: _besiegers("churn", port, options.churn), options.calm
        )
    if options.minutes:
        result["abuse"] = _measure(
            lambda port: _besiegers(
                "abuse", port, 60 * options.minutes, options.hold, options.seed
            ),
            options.calm,
        )
    return result


def _measure(attack: Callable[[int], Awaitable[Any]], calm_s: float) -> dict[str, Any]:
    siege = asyncio.run(
        besiege(attack, calm_s=calm_s, settings={}, warm_up=lambda port: churn(port, _WARM_UP))
    )
    broken = siege.broken() + _held(siege.besiegers)
    figures = {**asdict(siege), "grown_mb": siege.grown_mb, "broken": broken}
    _show(figures)
    return figures


def _held(outcomes: dict[str, Any]) -> list[str]:
    """Return which attacks held on to the server for longer than they may."""
    return [
        f"{name}: {outcome['held']} held on, the others for up to {outcome['slowest_s']:.1f} s"
        for name, limit_s in ENDED_WITHIN_S.items()
        if (outcome := outcomes.get(name)) and (outcome["held"] or outcome["slowest_s"] > limit_s)
    ]


async def _besiegers(name: str, *given: object) -> Any:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.faults.{name}", *map(str, given)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return json.loads(out)


def _show(figures: dict[str, Any]) -> None:
    besiegers = figures["besiegers"]
    if "ends" in besiegers:
        print(f"  {besiegers['connections']} connections in {besiegers['seconds']} s")
        for name, count in besiegers["ends"].items():
            print(f"    {count:6} {name}")
    else:
        print(f"  {'attack':36} rounds  let go  slowest   held  sent MB  last words")
        for name, each in besiegers.items():
            sent = each["sent_bytes"] / 1e6
            print(
                f"  {name:36} {each['rounds']:6} {each['let_go']:7} {each['slowest_s']:7.1f}s "
                f"{each['held']:6} {sent:8.1f}  {each['last_words']}"
            )
    for name, (before, during, back_s) in figures["counts"].items():
        print(f"  {name}: {before} before, {during} during, back after {back_s} s")
    before, during, after = figures["memory_mb"]
    print(f"  memory, MB: {before} before, {during} during, {after} after")
    for when, delays in figures["delays"].items():
        print(f"  neighbour {when}: {delays}")
    print("  broken: " + ("; ".join(figures["broken"]) or "nothing"), flush=True)
