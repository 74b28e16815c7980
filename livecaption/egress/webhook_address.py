"""An address that a client wants to be told at, read and checked. Pure.

It comes from somebody who may want this server to talk to its own network: so only https to the
usual ports, and whether the host is public is decided when it is looked up. For tests on one
machine the operator may allow plain http to loopback addresses.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from livecaption.egress.resolve import is_public
from livecaption.errors import ClientError

__all__ = ["WebhookAddress", "parse_webhook"]

_MOST_CHARS = 2000
_PORTS = (443, 8443)
_RULE = (
    "A webhook is an https:// address on port 443 or 8443, without a user name, of at most "
    f"{_MOST_CHARS} ASCII characters."
)


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where to post."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    """Path and query; may hold a secret."""
    is_local: bool = False
    """On this machine, which the operator allowed."""

    @property
    def authority(self) -> str:
        """Value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def parse_webhook(text: str, *, allow_local: bool = False) -> WebhookAddress:
    """Read an address.

    Args:
        text: what the client wrote.
        allow_local: take http and any port of loopback addresses, too.

    Raises:
        ClientError: it is none that is posted to. The sentence does not repeat it.
    """
    fits = len(text) <= _MOST_CHARS and text.isascii() and text.isprintable() and " " not in text
    try:
        url = urlsplit(text)
        host, port = (url.hostname or "").lower(), url.port
    except ValueError:  # a port that is none
        fits, url, host, port = False, SplitResult("", "", "", "", ""), "", None
    local = allow_local and _is_loopback(host)
    plain = url.username is None and url.password is None and not url.fragment
    usual = port or (443 if url.scheme == "https" else 80)
    allowed = local if url.scheme == "http" else (local or usual in _PORTS)
    if not (fits and host and plain and url.scheme in ("https", "http") and allowed):
        raise ClientError(_RULE, code="bad_webhook")
    if not local and _is_inside(host):
        raise ClientError(
            "That webhook's address is not public; this server posts to public ones only.",
            code="bad_webhook",
        )
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return WebhookAddress(url.scheme, host, usual, target, local)


def _is_inside(host: str) -> bool:
    """Say whether a host is known not to be public before its name is looked up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return not is_public(host)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
