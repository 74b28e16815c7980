"""All attacks side by side, each again and again at a bounded pace.

Run as ``python -m tests.faults.abuse PORT SECONDS HOLD_S SEED``: one line of JSON says, when all is
over, what became of them.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.attacks import ATTACKS, ENDED_WITHIN_S, Attack, Prey

__all__ = ["Outcome", "abuse"]

_PAUSE_S = 0.4
"""Between two attacks of a kind."""


@dataclass(slots=True)
class Outcome:
    """What became of an attack, all its rounds together."""

    rounds: int = 0
    let_go: int = 0
    """Connections that the server ended, or reset."""
    slowest_s: float = 0.0
    """Longest time until it did."""
    held: int = 0
    """Connections that the attacker gave up, after as long as it may hold on."""
    sent_bytes: int = 0
    last_words: dict[str, int] = field(default_factory=dict)
    """What the server said last: HTTP statuses, close codes."""


async def abuse(
    port: int, seconds: float, hold_s: float, seed: int, others_s: float | None = None
) -> dict[str, dict[str, Any]]:
    """Attack in all ways at once.

    Args:
        port: of the server, on this machine.
        seconds: for which attacks begin; those that have begun go on for ``hold_s`` at most.
        hold_s: how long one attack holds on.
        seed: of what is drawn.
        others_s: how long one holds on that the server need not end; None for as long.
    """
    outcomes = {name: Outcome() for name in ATTACKS}
    end = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as tasks:
        for name, attack in ATTACKS.items():
            dice = random.Random(f"{seed} {name}")
            limit_s = hold_s if others_s is None or name in ENDED_WITHIN_S else others_s
            tasks.create_task(_again_and_again(attack, port, dice, (end, limit_s), outcomes[name]))
    return {name: asdict(outcome) for name, outcome in outcomes.items()}


async def _again_and_again(
    attack: Attack,
    port: int,
    dice: random.Random,
    limits: tuple[float, float],
    outcome: Outcome,
) -> None:
    clock = asyncio.get_running_loop().time
    end, hold_s = limits
    while (began := clock()) < end:
        prey = Prey(port, dice)
        if await _lets_go(attack, prey, hold_s):
            outcome.let_go += 1
            outcome.slowest_s = max(outcome.slowest_s, clock() - began)
        else:
            outcome.held += 1
        outcome.rounds += 1
        word = "nothing"
        if prey.raw is not None:
            word = prey.raw.word or word
            outcome.sent_bytes += prey.raw.sent
            prey.raw.close()
        outcome.last_words[word] = outcome.last_words.get(word, 0) + 1
        await asyncio.sleep(_PAUSE_S)


async def _lets_go(attack: Attack, prey: Prey, hold_s: float) -> bool:
    """Attack once; return whether the server ended it."""
    try:
        async with asyncio.timeout(hold_s):
            await attack(prey)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def main() -> None:
    """Attack, then say what became of it."""
    port, seconds, hold_s, seed = (float(given) for given in sys.argv[1:])
    outcomes = asyncio.run(abuse(int(port), seconds, hold_s, int(seed)))
    sys.stdout.write(json.dumps(outcomes) + "\n")


if __name__ == "__main__":
    main()
