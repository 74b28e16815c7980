"""What a peer may do before the application knows it: how long, how much, how many at once.

A connection costs a descriptor and memory from the moment it is accepted, long before anybody can
ask for a key. These limits hold there; the application's own (``limiter.py``) come after them.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

from livecaption.access.addresses import OWN_MACHINE, Network
from livecaption.settings import Settings

__all__ = ["KEPT_DESCRIPTORS", "WireLimits"]

KEPT_DESCRIPTORS = 128
"""Open files that connections leave to everything else: databases, uploads, models, the log."""


@dataclass(frozen=True, slots=True)
class WireLimits:
    """Seconds, bytes and counts for one server."""

    head_s: float = 5.0
    """For a request's head, from the connection's beginning or the head's first byte on."""
    head_bytes: int = 16 * 1024
    """Of a request's head."""
    keep_alive_s: float = 5.0
    """Without a further request, then a connection is closed."""
    body_s: float = 60.0
    """Without a byte of a request's body, while we wait for one."""
    fragments: int = 64
    """Of one WebSocket message. Empty ones count: they cost memory that no size limit sees."""
    unread_bytes: int = 256 * 1024
    """That may wait for a peer that makes us answer (pings) and reads nothing."""
    address_connections: int = 64
    """Of one address at once, without the sockets and event streams it was let in with."""
    connections: int | None = None
    """Of all addresses; None for no limit."""
    uncounted: tuple[Network, ...] = OWN_MACHINE
    """Whose connections no address is held to account for: behind a proxy are many clients, and
    on this machine programs of its operator, or a proxy that was not named."""

    @classmethod
    def of(cls, settings: Settings) -> WireLimits:
        """Return what the settings say."""
        return cls(
            head_s=settings.head_timeout_s,
            address_connections=settings.limit_connections,
            connections=settings.max_connections or _descriptors_left(),
            uncounted=OWN_MACHINE + settings.proxies,
        )


def _descriptors_left() -> int | None:
    """How many connections this process could open before nothing else could be opened."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    return max(soft - KEPT_DESCRIPTORS, soft // 2)
