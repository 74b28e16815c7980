"""A short siege and a short churn of a server in a process of its own; ``python -m bench abuse``
has ten minutes and ten thousand connections.

What a machine that is busy otherwise does to a neighbour's delay is not asserted here.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tests.faults.abuse import abuse
from tests.faults.attacks import ATTACKS, ENDED_WITHIN_S
from tests.faults.churn import churn
from tests.faults.siege import MEMORY_MB, Siege, besiege

_HASTY = {"HEAD_TIMEOUT_S": "1", "START_TIMEOUT_S": "1", "STALL_S": "1", "PING_S": "1"}
_HOLD_S = 120.0
"""Whom the server does not end holds on for that long, and is found out."""
_PATIENCE_S = 60.0
"""Much longer than promised, for machines that are busy otherwise."""


async def attack(port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    both = await asyncio.gather(abuse(port, 2.0, _HOLD_S, seed=1, others_s=3.0), churn(port, 300))
    return both[0], both[1]


async def test_a_siege_leaves_nothing_behind_and_a_neighbour_goes_on() -> None:
    siege = await besiege(
        attack,
        calm_s=3.0,
        settings=_HASTY,
        warm_up=lambda port: churn(port, 300, rate=1000),
        patience_s=_PATIENCE_S,
    )
    # How late the neighbour's words come says as much about the machine as about the server.
    broken = siege.broken(within_s=_PATIENCE_S)
    assert [each for each in broken if not each.startswith("neighbour:")] == []
    assert siege.delays["during"]["words"] > 0
    assert siege.delays["after"]["words"] > 0
    attacks, clients = siege.besiegers
    assert attacks.keys() == ATTACKS.keys()
    assert all(each["rounds"] for each in attacks.values())
    assert [name for name in ENDED_WITHIN_S if attacks[name]["held"]] == []
    # A client that is kept waiting for longer than two hasty pings is closed with 1011.
    fine = (": 1000", ": left", ": HTTP 200", ": 1011")
    assert [name for name in clients["ends"] if not name.endswith(fine)] == []


def test_a_broken_promise_is_seen() -> None:
    calm = {"words": 9, "p50": 0.4, "p95": 0.5, "worst": 0.6}
    late = {**calm, "p95": 0.7}
    siege = Siege(
        counts={"descriptors": (20, 60, None), "threads": (9, 9, 0.1), "tasks": (9, 99, 6.0)},
        memory_mb=(100.0, 130.0, 101.0 + MEMORY_MB),
        delays={"before": calm, "during": late, "after": calm},
        troubles=["a gap"],
        besiegers={},
    )
    names = [each.split(":")[0] for each in siege.broken()]
    assert names == ["a gap", "descriptors", "tasks", "memory", "neighbour"]
