"""Whose address a request comes from, over which scheme, and which addresses count as one.

``X-Forwarded-For`` is written by whoever sends it; only what a trusted proxy has added to its end
is true. So it is read from the right: as long as the hop is a trusted proxy, the one before it is
believed, and the first that is not trusted is the client.

``X-Forwarded-Proto`` says how the client came to the first proxy; a trusted one is believed that.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeAlias

__all__ = [
    "OWN_MACHINE",
    "Network",
    "bucket_of",
    "client_address",
    "client_scheme",
    "is_own_machine",
    "is_within",
    "parse_networks",
]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

OWN_MACHINE: tuple[Network, ...] = (
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv6Network("::1/128"),
)
"""Addresses of this machine that no other one can use."""

_IPV6_SITE_BITS = 64
"""A household gets 2⁶⁴ addresses or more; they count as one."""
_UNKNOWN = "unknown"


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read ``10.0.0.0/8``, ``::1`` and the like.

    Raises:
        ValueError: one of them is no network; the sentence names it.
    """
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise ValueError(f"{text!r} is no address or network like 10.0.0.0/8") from None
    return tuple(networks)


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address of the client.

    Args:
        peer: address at the other end of the connection; None when it has none (a Unix socket).
        forwarded: the values of all ``X-Forwarded-For`` headers, in order.
        trusted: networks of the proxies that are believed.
    """
    address = _parsed(peer or "")
    if address is None:
        return _UNKNOWN
    hops = [hop for header in forwarded for hop in header.split(",")]
    while hops and any(address in network for network in trusted):
        before = _parsed(hops.pop())
        if before is None:  # a proxy that writes no addresses tells us nothing beyond itself
            break
        address = before
    return str(address)


def client_scheme(
    peer: str | None, own: str, forwarded: Sequence[str], trusted: Sequence[Network]
) -> str:
    """Return the scheme of the address that the client has asked: ``http`` or ``https``.

    Args:
        peer: see ``client_address``.
        own: scheme of the connection: also ``ws`` or ``wss``.
        forwarded: the values of all ``X-Forwarded-Proto`` headers, in order.
        trusted: networks of the proxies that are believed.
    """
    if forwarded and is_within(peer or "", trusted):
        # Proxies in a row write one behind the other; the first is the one that the client met.
        own = forwarded[0].partition(",")[0].strip().lower()
    return "https" if own in ("https", "wss") else "http"


def bucket_of(address: str) -> str:
    """Return what is counted for an address: itself, or the network of an IPv6 site."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        network = ipaddress.ip_network((parsed, _IPV6_SITE_BITS), strict=False)
        return str(network)
    return address


def is_own_machine(address: str) -> bool:
    """Whether an address is this machine's own: a program on it, or a proxy that is not named."""
    parsed = _parsed(address)
    return parsed is None or parsed.is_loopback


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address belongs to one of these networks."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(text: str) -> _Address | None:
    """Read an address with or without port, brackets and zone."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address
