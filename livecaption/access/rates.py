"""How often somebody may do something, as values; ``30/minute`` is how people write a rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Limit", "Limits", "Rate", "parse_rate"]

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"([1-9][0-9]{0,8})\s*(?:/|per)\s*(second|minute|hour|day)")
_OFF = "off"


class Limit(StrEnum):
    """What is counted in time, each with a setting of its own."""

    REQUESTS = "requests"
    """Work for the engine: files to transcribe, jobs. For each key and each address."""
    READS = "reads"
    """Cheap requests, for each address."""
    CONNECTS = "connects"
    """WebSockets and event streams opened, for each address."""
    TOKENS = "tokens"
    """Browser tokens made, for each address."""
    FAILURES = "failures"
    """Keys, tokens and links that were refused, for each address."""
    UPLOADS = "uploads"
    """Kilobytes uploaded, for each key."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so long."""

    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say about limits. None is no limit."""

    storage: str = field(repr=False)
    """``memory://``, or the address of a Redis server, which may hold its password."""
    rates: Mapping[Limit, Rate | None]
    streams: int | None
    """Speakers at once, for each key."""
    jobs: int | None
    """Jobs queued or running, for each key."""
    sockets: int
    """WebSockets and event streams open at once, for each address."""
    connections: int
    """Other requests at once, for each address."""


def parse_rate(text: str) -> Rate | None:
    """Read ``30/minute`` or ``30 per minute``; None for ``off``.

    Raises:
        ValueError: it is none of them.
    """
    text = text.strip().lower()
    if text == _OFF:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is no rate; write one like 30/minute (or second, hour, day), or off"
        )
    return Rate(int(found[1]), _SECONDS[found[2]])
