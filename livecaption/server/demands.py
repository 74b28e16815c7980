"""What each route asks for: the one table of who may call what.

A route that is not in it asks for ``admin``: forgetting it opens nothing. A test walks all routes
of the application and fails for those that are missing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from starlette.routing import BaseRoute, Match, Mount, Route, WebSocketRoute
from starlette.types import Scope

from livecaption.access.rates import Limit
from livecaption.access.roles import Role

__all__ = ["DEMANDS", "Demand", "Family", "demand_of", "route_keys"]


class Family(Enum):
    """In whose form errors are answered."""

    NATIVE = "native"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a route asks for."""

    role: Role | None
    """None: a public page, or (with ``any_role``) any key."""
    limit: Limit | None = None
    family: Family = Family.NATIVE
    any_role: bool = False
    """Some key, whatever its roles; the handler looks more closely."""
    may_wait: bool = False
    """Whoever shows nothing is let through as ``NOBODY``, and shows a token in a first message."""
    at_machine: bool = False
    """Without keys only for whoever sits at the machine: its operator, not its audience."""

    @property
    def is_public(self) -> bool:
        """Whether nothing needs to be shown."""
        return self.role is None and not self.any_role


_PUBLIC = Demand(None)
_READ = Demand(Role.WATCH, Limit.READS)
_LINKS = Demand(Role.PUBLISH, Limit.READS)
_WORK = Demand(Role.TRANSCRIBE, Limit.REQUESTS)
_ASK = Demand(Role.TRANSCRIBE, Limit.READS)
_ADMIN = Demand(Role.ADMIN, Limit.READS)
_OPERATE = Demand(Role.ADMIN, Limit.READS, at_machine=True)
_OPENAI = Demand(Role.TRANSCRIBE, Limit.REQUESTS, Family.OPENAI)

DEMANDS: dict[tuple[str, str], Demand] = {
    # Pages hold nothing; what they show comes over the routes below.
    ("GET", "/"): _PUBLIC,
    ("GET", "/overlay/{room}"): _PUBLIC,
    ("GET", "/watch/{room}"): _PUBLIC,
    ("MOUNT", "/static"): _PUBLIC,
    ("GET", "/healthz"): _PUBLIC,
    ("GET", "/readyz"): _PUBLIC,
    ("GET", "/admin"): _PUBLIC,
    ("GET", "/docs"): _PUBLIC,
    ("GET", "/openapi.json"): _PUBLIC,
    # The operator's.
    ("GET", "/metrics"): _OPERATE,
    ("GET", "/v1/admin/state"): _OPERATE,
    ("POST", "/v1/admin/drain"): _OPERATE,
    ("DELETE", "/v1/admin/drain"): _OPERATE,
    # Live.
    ("POST", "/v1/tokens"): Demand(None, Limit.TOKENS, any_role=True),
    ("SOCKET", "/ws/publish"): Demand(Role.PUBLISH, Limit.CONNECTS),
    ("SOCKET", "/ws/watch"): Demand(Role.WATCH, Limit.CONNECTS, may_wait=True),
    ("GET", "/v1/rooms/{room}/events"): Demand(Role.WATCH, Limit.CONNECTS),
    # Rooms.
    ("GET", "/v1/rooms"): _READ,
    ("GET", "/v1/rooms/{room}"): _READ,
    ("DELETE", "/v1/rooms/{room}"): _ADMIN,
    ("GET", "/v1/rooms/{room}/transcript"): _READ,
    ("GET", "/v1/rooms/{room}/captions.m3u8"): _READ,
    ("GET", "/v1/rooms/{room}/captions/{number:int}.vtt"): _READ,
    ("GET", "/v1/rooms/{room}/qr.svg"): _READ,
    ("GET", "/v1/rooms/{room}/links"): _LINKS,
    ("POST", "/v1/rooms/{room}/links"): _LINKS,
    ("DELETE", "/v1/rooms/{room}/links/{id}"): _LINKS,
    # Files.
    ("POST", "/transcribe"): _WORK,
    ("POST", "/v1/audio/transcriptions"): _OPENAI,
    ("POST", "/v1/audio/translations"): _OPENAI,
    ("GET", "/v1/models"): Demand(Role.TRANSCRIBE, Limit.READS, Family.OPENAI),
    ("GET", "/v1/models/{model:path}"): Demand(Role.TRANSCRIBE, Limit.READS, Family.OPENAI),
    ("POST", "/v1/jobs"): _WORK,
    ("GET", "/v1/jobs"): _ASK,
    ("GET", "/v1/jobs/{id}"): _ASK,
    ("GET", "/v1/jobs/{id}/transcript"): _ASK,
    ("DELETE", "/v1/jobs/{id}"): _ASK,
    # Each key's own secret, which is made from the operator's and tells nothing of it.
    ("GET", "/v1/webhook-secret"): _ASK,
}
"""Method (or ``SOCKET``, ``MOUNT``) and path, as the route has it, to what is asked for."""

_UNLISTED = _ADMIN


def route_keys(route: BaseRoute) -> list[tuple[str, str]]:
    """Return the keys under which a route is to be found in the table."""
    match route:
        case WebSocketRoute():
            return [("SOCKET", route.path)]
        case Mount():
            return [("MOUNT", route.path)]
        case Route():
            methods = (route.methods or {"GET", "POST", "PUT", "PATCH", "DELETE"}) - {"HEAD"}
            return [(method, route.path) for method in sorted(methods)]
        case _:
            return [("OTHER", repr(route))]


def demand_of(scope: Scope, routes: list[BaseRoute]) -> tuple[Demand, dict[str, str]] | None:
    """Return what the route asks for that will answer a request, and the parts of its path.

    None when no route will: then there is nothing to protect.
    """
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL:
            parts = {name: str(value) for name, value in child.get("path_params", {}).items()}
            return DEMANDS.get(_key(scope, route), _UNLISTED), parts
    return None


def _key(scope: Scope, route: BaseRoute) -> tuple[str, str]:
    path = getattr(route, "path", "")
    if isinstance(route, Mount):
        return "MOUNT", path
    if scope["type"] == "websocket":
        return "SOCKET", path
    method = str(scope["method"])
    return "GET" if method == "HEAD" else method, path
