"""Which origins are ours: the one a page of this server is open at, and those of its settings.

Behind a proxy that ends TLS the server sees plain HTTP, so the scheme proves nothing; the host
that the browser asked for does.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["OwnOrigins"]


class OwnOrigins:
    """Tells our own origins from those of other sites.

    Args:
        allowed: origins that the settings name, such as ``https://captions.example``.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.lower().rstrip("/") for origin in allowed)

    def names(self, origin: str) -> bool:
        """Whether the settings name this origin."""
        return origin.lower() in self._allowed

    def include(self, origin: str, host: str) -> bool:
        """Whether this origin is ours.

        Args:
            origin: ``scheme://host:port``, as a browser writes it.
            host: of the same request, as its ``Host`` header has it.
        """
        host = host.lower()
        return self.names(origin) or origin.lower() in (f"http://{host}", f"https://{host}")
