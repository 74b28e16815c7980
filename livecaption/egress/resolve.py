"""Names → addresses that may be spoken to: nothing inside the operator's own network.

The address that was checked is the one that is connected to, so a name that changes its mind
between check and connection gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

__all__ = ["ForbiddenAddress", "Resolver", "is_public", "look_up", "public_addresses"]

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Host and port → IP addresses, as text."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """A name leads to an address that is not on the public internet."""


async def look_up(host: str, port: int) -> list[str]:
    """Ask the system.

    Raises:
        OSError: the name is unknown, or nobody can say.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


async def public_addresses(host: str, port: int, resolver: Resolver = look_up) -> list[str]:
    """Return the addresses of a host, all of which are public.

    Raises:
        ForbiddenAddress: one of them is not.
        OSError: there are none.
    """
    addresses = await resolver(host, port)
    if not addresses:
        raise OSError("the name has no address")
    if not all(map(is_public, addresses)):
        raise ForbiddenAddress(host)
    return addresses


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public internet, also inside an IPv6 wrapping."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address.sixtofour is not None:
            return is_public(str(address.sixtofour))
        if address in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast
