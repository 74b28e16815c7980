"""A server that is ended at seeded moments while several people speak, and started again.

What two benchmarks share, of which one kills and one asks: the plan, the comparison of a run with
an uncut one of the same speech, and how soon everybody is back.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, Protocol, TypeVar

from bench.speakers import Speeches, add_speaker_options, compare, speeches
from tests.faults.heard import Heard
from tests.faults.killable import KillableServer

__all__ = [
    "Run",
    "add_interruption_options",
    "interrupted",
    "restarted",
    "run_interrupted",
    "time_limit",
    "unlike",
]


class Interruption(Protocol):
    """A dataclass: what one of them did."""

    __dataclass_fields__: Any


T = TypeVar("T", bound=Interruption)


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """What all speakers were shown, and what each interruption did."""

    heard: list[Heard]
    each: list[T]
    report: dict[str, Any]


def add_interruption_options(
    parser: argparse.ArgumentParser, name: str, *, streams: int, restart_s: float, only: str
) -> None:
    """Add how many there are, and what is run.

    Args:
        parser: takes them.
        name: of the option for their number.
        streams: how many speak, by default.
        restart_s: what a restart is taken to last, by default.
        only: name of the option that leaves out the uncut run.
    """
    parser.add_argument(f"--{name}", type=int, default=20, dest="times")
    add_speaker_options(parser, streams=streams)
    parser.add_argument(
        "--restart-s",
        type=float,
        default=restart_s,
        help="what an end and a restart are taken to last when the length of the speech is chosen",
    )
    parser.add_argument(
        f"--{only}-only",
        action="store_true",
        dest="only",
        help="no uncut run; compare with what was said",
    )


def run_interrupted(
    options: argparse.Namespace,
    name: str,
    measure: Callable[[str, Speeches, Sequence[float]], Coroutine[Any, Any, Run[T]]],
    *,
    alive_s: tuple[float, float],
    tail_s: float,
) -> tuple[dict[str, Any], list[T]]:
    """Run it uncut, unless that is left out, and interrupted; return the result so far.

    Args:
        options: see ``add_interruption_options``.
        name: of the interrupted run.
        measure: runs one way; takes its name, what is said, and seconds before each interruption.
        alive_s: between which the server lives before the next one.
        tail_s: speech after the last one.
    """
    dice = random.Random(options.seed)
    moments = [dice.uniform(*alive_s) for _ in range(options.times)]
    seconds = sum(moments) + options.restart_s * len(moments) + tail_s
    said = speeches(options.engine, options.streams, seconds, options.threads)
    print(f"  {options.times} times, {options.streams} speakers, {seconds:.0f} s", flush=True)
    ways: Mapping[str, Sequence[float]] = {"uncut": [], name: moments}
    runs = {
        way: asyncio.run(measure(way, said, planned))
        for way, planned in ways.items()
        if way == name or not options.only
    }
    result = {
        "engine": options.engine,
        "seed": options.seed,
        "streams": options.streams,
        "seconds": round(seconds, 1),
        "runs": [run.report for run in runs.values()],
        **compare(said, {way: run.heard for way, run in runs.items()}),
        "each": [asdict(one) for one in runs[name].each],
    }
    for figure in ("differences_from_uncut", "errors"):
        print(f"  {figure}: {result[figure]}")
    return result, runs[name].each


def time_limit(said: Speeches, moments: Sequence[float]) -> float:
    """Return the seconds after which a run has failed."""
    return said.each[0].excerpt.duration + 120.0 + 60.0 * len(moments)


async def interrupted(
    moments: Sequence[float],
    speaking: Sequence[asyncio.Task[None]],
    interrupt: Callable[[], Awaitable[T]],
) -> list[T]:
    """Interrupt at each moment while somebody speaks; return what each did."""
    each: list[T] = []
    for moment in moments:
        await asyncio.sleep(moment)
        if any(task.done() for task in speaking):
            print(f"  the speech ended after {len(each)} of {len(moments)}", flush=True)
            break
        each.append(await interrupt())
        print(f"  {len(each)}: {each[-1]}", flush=True)
    return each


async def restarted(
    server: KillableServer, heard: Sequence[Heard], greeted: Sequence[int]
) -> tuple[float, tuple[float, ...]]:
    """Start a server that has ended, and wait until every speaker is back.

    Args:
        server: what is started.
        heard: what they were shown.
        greeted: how often each had been welcomed before.

    Returns:
        Seconds until it took new sessions, and from then on, for each, until its session went on.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    await server.start()
    up = clock()
    pairs = list(zip(heard, greeted, strict=True))
    await asyncio.gather(*(each.greeted(count) for each, count in pairs))
    back = tuple(round(max(0.0, each.readies[count][0] - up), 3) for each, count in pairs)
    return round(up - began, 3), back


def unlike(heard: Sequence[Heard], texts: Sequence[str]) -> int:
    """Count the texts that are not what speakers were shown."""
    return sum(text != each.text for text, each in zip(texts, heard, strict=True))
