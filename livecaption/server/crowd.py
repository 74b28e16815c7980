"""Who is connected: how many of one address, and how many in all.

Counted from the moment a connection is accepted, so that those who open many and ask for nothing
cannot take the descriptors that others need. A socket or event stream that the application let in
has a place there (``limit_sockets``) and counts here no more, else a lecture hall behind one
address would be turned away.

An address that has all its connections gets a new one for one of its idle ones: HTTP lets either
side close those at any time, and browsers keep more of them than they use.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Protocol

from livecaption.access.addresses import bucket_of, client_address, is_within
from livecaption.metrics.meters import Meters
from livecaption.server.wire_limits import WireLimits

__all__ = ["Crowd", "Guest", "Welcome", "let_in"]

_EXTENSION = "livecaption.crowd"


class Guest(Protocol):
    """What speaks for a connection."""

    @property
    def is_idle(self) -> bool:
        """Whether it has been answered, and asks for nothing now."""

    def make_room(self) -> None:
        """Close an idle connection."""


class Welcome(Enum):
    """What becomes of a new connection."""

    ENTER = auto()
    TURN_AWAY = auto()
    """Its address has enough; it is worth an answer that says so."""
    CUT_OFF = auto()
    """Not even that: every descriptor counts, or its address does not listen."""


@dataclass(slots=True)
class _Place:
    guest: Guest | None
    """None once it speaks WebSocket, and is not idle any more."""
    bucket: str | None
    """None for those that no address is held to account for."""


class Crowd:
    """The connections of one server.

    Args:
        limits: how many there may be.
        meters: told of everyone who is turned away.
    """

    def __init__(self, limits: WireLimits, meters: Meters | None = None) -> None:
        self._limits = limits
        self._meters = meters or Meters()
        self._places: dict[asyncio.BaseTransport, _Place] = {}
        self._waiting: defaultdict[str, dict[asyncio.BaseTransport, None]] = defaultdict(dict)
        """Of each address those that count, oldest first."""

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, transport: asyncio.BaseTransport, guest: Guest) -> Welcome:
        """Count a new connection, and say whether it may stay; ``leave`` follows in any case."""
        bucket = self._bucket(transport)
        most = self._limits.connections
        welcome = Welcome.ENTER
        if most is not None and len(self._places) >= most:
            welcome = Welcome.CUT_OFF
        elif bucket is not None and not self._has_room(bucket):
            crowded = len(self._waiting[bucket]) >= 2 * self._limits.address_connections
            welcome = Welcome.CUT_OFF if crowded else Welcome.TURN_AWAY
        if welcome is not Welcome.ENTER:
            self._meters.limited("connections")
        self._places[transport] = _Place(guest, bucket)
        self.hold(transport)
        return welcome

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """The connection is gone."""
        self.let_in(transport)
        self._places.pop(transport, None)

    def let_in(self, transport: asyncio.BaseTransport) -> None:
        """The connection has a place elsewhere, and its address may have another one."""
        place = self._places.get(transport)
        if place is not None and place.bucket is not None:
            self._waiting[place.bucket].pop(transport, None)
            if not self._waiting[place.bucket]:
                del self._waiting[place.bucket]

    def hold(self, transport: asyncio.BaseTransport) -> None:
        """The connection counts for its address, again or still."""
        place = self._places.get(transport)
        if place is not None and place.bucket is not None:
            self._waiting[place.bucket].setdefault(transport)

    def upgrade(self, transport: asyncio.BaseTransport) -> None:
        """The connection is a WebSocket from now on."""
        place = self._places.get(transport)
        if place is not None:
            place.guest = None

    def extension(self, transport: asyncio.BaseTransport) -> dict[str, Any]:
        """Return what a scope carries, so that the application can let the connection in."""
        return {_EXTENSION: {"let_in": partial(self.let_in, transport)}}

    def _has_room(self, bucket: str) -> bool:
        waiting = self._waiting[bucket]
        if len(waiting) < self._limits.address_connections:
            return True
        for transport in waiting:
            guest = self._places[transport].guest
            if guest is not None and guest.is_idle:
                guest.make_room()
                self.let_in(transport)
                return True
        return False

    def _bucket(self, transport: asyncio.BaseTransport) -> str | None:
        peer = transport.get_extra_info("peername")
        if not isinstance(peer, tuple):
            return None  # a Unix socket
        address = client_address(str(peer[0]), (), ())
        return None if is_within(address, self._limits.uncounted) else bucket_of(address)


def let_in(scope: Mapping[str, Any]) -> None:
    """Say that a connection has a place of its own; servers without a crowd need not hear it."""
    offered = scope.get("extensions", {}).get(_EXTENSION)
    if offered is not None:
        offered["let_in"]()
