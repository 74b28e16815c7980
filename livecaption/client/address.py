"""What a person writes as the server's address, as the URL of one of its sockets.

It must not know how a socket is opened.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlsplit

from livecaption.errors import OperatorError

__all__ = ["is_loopback", "publish_url", "watch_url"]

_PUBLISH = "/ws/publish"
_WATCH = "/ws/watch"
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


def publish_url(address: str) -> str:
    """Return the publisher socket's URL for an address such as ``https://captions.example/``.

    A path in front (a proxy that serves more than captions) is kept.

    Raises:
        OperatorError: it is no such address, or it holds a secret, which would end up in logs.
    """
    return _socket_url(address, _PUBLISH)


def watch_url(address: str, room: str) -> str:
    """Return the URL of a room's watcher socket.

    Raises:
        OperatorError: see ``publish_url``.
    """
    return f"{_socket_url(address, _WATCH)}?room={quote(room, safe='')}"


def _socket_url(address: str, socket_path: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # the port is checked when it is asked for
    except ValueError:
        host = None
    if host is None or parts.scheme.lower() not in _SCHEMES:
        raise OperatorError(
            f"{address!r} is not a server's address; write one like ws://localhost:8000 or "
            "https://captions.example."
        )
    if parts.query or parts.fragment or parts.username is not None:
        raise OperatorError(
            "The server's address must be without query, fragment and password; "
            "give the key as --key or LIVECAPTION_KEY."
        )
    path = parts.path.rstrip("/").removesuffix(socket_path) + socket_path
    return parts._replace(scheme=_SCHEMES[parts.scheme.lower()], path=path).geturl()


def is_loopback(url: str) -> bool:
    """Say whether a URL leads to this machine, so that no proxy is asked for it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
