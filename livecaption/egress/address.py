"""Where captions go: ``youtube:ROOM=URL`` read and checked. Pure.

A caption URL is a key: whoever has it can write under the stream. So it appears in no error, no log
and no ``repr``. And it comes from a person who may have been handed it by somebody else: only the
services' own hosts are spoken to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlencode, urlsplit

from livecaption.egress.exchange import Dialect, Request
from livecaption.egress.youtube import YouTube
from livecaption.egress.zoom import Zoom
from livecaption.errors import OperatorError

__all__ = ["SERVICES", "Service", "SinkAddress", "parse_sink"]

_SPEC = re.compile(
    r"(?P<service>[a-z]+)(?:\+(?P<lang>[A-Za-z-]{2,12}))?:(?P<room>[^=]*)=(?P<url>.+)"
)
_ROOM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FORM = "SERVICE:ROOM=URL, for example youtube:main=http://upload.youtube.com/closedcaption?cid=…"


@dataclass(frozen=True, slots=True)
class Service:
    """What a service's addresses look like, and who speaks its dialect."""

    new_dialect: Callable[[str | None], Dialect]
    """Takes the language of the captions, None for the service's own default."""
    hosts: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    """Any host below one of these will do."""
    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int | None] = frozenset({None, 80, 443})
    path: str = "/closedcaption"

    def accepts(self, url: SplitResult) -> bool:
        """Whether an address is one of this service."""
        host = (url.hostname or "").lower()
        ours = host in self.hosts or any(host.endswith("." + name) for name in self.domains)
        plain = url.username is None and url.password is None and not url.fragment
        return (
            ours
            and plain
            and url.scheme in self.schemes
            and url.port in self.ports
            and url.path == self.path
        )


SERVICES: Mapping[str, Service] = {
    "youtube": Service(
        lambda _: YouTube(),
        hosts=frozenset({"upload.youtube.com"}),
        # YouTube itself hands out http addresses.
        schemes=frozenset({"http", "https"}),
    ),
    "zoom": Service(
        lambda lang: Zoom(lang) if lang else Zoom(),
        domains=("zoom.us", "zoom.com", "zoomgov.com"),
    ),
}
"""All services, by their name in the settings."""


@dataclass(frozen=True, slots=True)
class SinkAddress:
    """One service's address for one room."""

    service: str
    room: str
    scheme: str
    host: str
    port: int
    _path: str = field(repr=False)
    _query: str = field(repr=False)

    def target(self, request: Request) -> str:
        """Return path and query for a request; the given query stays as it is, it is signed."""
        query = "&".join(filter(None, (self._query, urlencode(request.query))))
        return f"{self._path}{request.path}?{query}"


def parse_sink(
    spec: str, services: Mapping[str, Service] = SERVICES
) -> tuple[SinkAddress, Dialect]:
    """Read ``youtube:ROOM=URL`` or ``zoom+de-DE:ROOM=URL``.

    Args:
        spec: what the operator wrote.
        services: the services there are; tests put a fake one in.

    Raises:
        OperatorError: it is malformed, or no address of that service. The sentence never repeats
            the address.
    """
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise OperatorError(f"A sink is written {_FORM}.")
    name, room = match["service"], match["room"]
    service = services.get(name)
    if service is None:
        raise OperatorError(f"There is no sink “{name}”; there are {', '.join(services)}.")
    if not _ROOM.fullmatch(room):
        raise OperatorError(f"The room of a {name} sink has letters, digits, “-” and “_” only.")
    try:
        url = urlsplit(match["url"])
        fits = service.accepts(url)
    except ValueError:  # a port that is none
        fits = False
    if not fits or not url.hostname:
        raise OperatorError(
            f"The address of the {name} sink for room {room} is not one that {name} hands out; "
            "copy it again."
        )
    port = url.port or (443 if url.scheme == "https" else 80)
    address = SinkAddress(name, room, url.scheme, url.hostname, port, url.path, url.query)
    return address, service.new_dialect(match["lang"])
