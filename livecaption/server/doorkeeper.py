"""Who is behind a request: ``authenticate`` finds out, ``principal_of`` remembers it.

A key comes as ``Authorization: Bearer KEY`` or ``x-api-key: KEY``, a viewer link as ``Bearer`` or
in a watcher's ``hello``, a browser token as the subprotocol ``lct.TOKEN`` or in ``hello``. Without
configured keys everybody is anybody, and nothing is looked at.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from livecaption.access.addresses import client_address, client_scheme
from livecaption.access.rates import Limit
from livecaption.access.roles import ANYBODY, NOBODY, Kind, Principal, Role
from livecaption.access.tokens import Claims, TokenBook, looks_like_token
from livecaption.errors import BadCredentials, NotAllowed
from livecaption.protocol.limits import TOKEN_PREFIX
from livecaption.server.guard import LOOPBACK_NAMES, host_of
from livecaption.server.key_ring import SINGLE_KEY, KeyRing
from livecaption.server.limiter import Limiter
from livecaption.settings import Settings, is_loopback
from livecaption.storage.links import LINK_PREFIX, Links

__all__ = [
    "Doorkeeper",
    "address_of",
    "link_shown",
    "origin_of",
    "principal_of",
    "remember",
    "require",
]

_KEY_REQUIRED = "key_required"
_AT_MACHINE = (
    f"This needs a key with the role {Role.ADMIN}, made with livecaption keys. Without keys it is "
    "for the machine the server runs on: bind 127.0.0.1, and ask under http://localhost."
)
_PRINCIPAL = "livecaption.principal"
_SCHEME = re.compile(rb"(?:bearer|token)[ \t]+(.*)", re.IGNORECASE | re.DOTALL)


class Doorkeeper:
    """Knows everybody.

    Args:
        keys: the keys.
        links: the viewer links.
        limiter: counts wrong keys.
        settings: which proxies are believed, and for how long a browser token may be used.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        keys: KeyRing,
        links: Links,
        limiter: Limiter,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self._links = links
        self._limiter = limiter
        self._proxies = settings.proxies
        self._is_local = is_loopback(settings.host)
        self.token_s = settings.token_s
        """Seconds for which a browser token may be used."""
        self._clock = clock
        self._tokens = TokenBook(keys.pepper.secret, clock())

    async def authenticate(self, scope: Scope) -> Principal:
        """Return who is behind a request.

        Raises:
            BadCredentials: nothing is shown where something must be, or what is shown is not good.
            RateLimited: too much that was not good came from that address.
        """
        if not self.keys.is_on:
            return ANYBODY
        principal = await self._counted(self._identify(scope), scope)
        if principal.key == SINGLE_KEY and self.keys.is_guessable:
            await self._limiter.check_failures(self.address(scope))
        return principal

    async def greet(self, token: str, scope: Scope, room: str) -> Principal:
        """Return who is behind the token of a watcher's ``hello``: a link or a browser token.

        Raises:
            BadCredentials: it is neither, or not any more.
            RateLimited: too much that was not good came from that address.
        """
        return await self._counted(self._greet(token, scope, room), scope)

    async def _counted(self, identifying: Awaitable[Principal], scope: Scope) -> Principal:
        try:
            return await identifying
        except BadCredentials as exc:
            if exc.code != _KEY_REQUIRED:
                await self._limiter.check(Limit.FAILURES, NOBODY, self.address(scope))
            raise

    async def _identify(self, scope: Scope) -> Principal:
        shown = _shown(scope)
        if shown is not None:
            if shown.startswith(LINK_PREFIX.encode()):
                return await self._guest(shown.decode("latin-1"))
            return self.keys.find(shown)
        token = _offered_token(scope)
        if token is not None:
            return self._take(token, scope)
        raise BadCredentials(
            "This server asks for a key: send it as Authorization: Bearer KEY.",
            code=_KEY_REQUIRED,
        )

    async def _greet(self, token: str, scope: Scope, room: str) -> Principal:
        if looks_like_token(token):
            return self._take(token, scope)
        guest = await self._guest(token)
        if not guest.may_enter(room):
            raise _link_revoked()
        return guest

    def new_token(self, principal: Principal, role: Role, room: str, origin: str) -> str:
        """Return a browser token for one socket.

        Args:
            principal: who asks; a key, or anybody while there are none.
            role: publish or watch.
            room: the only one it is good for.
            origin: of the page that will use it; empty for a program.

        Raises:
            NotAllowed: the key is not good for that itself.
        """
        if principal.kind not in (Kind.KEY, Kind.ANONYMOUS):
            raise NotAllowed("Tokens are made with a key.")
        if not principal.may(role, room):
            raise NotAllowed(f"This key may not {role} in room {room}.")
        now = self._clock()
        claims = Claims(room, role, origin.lower(), principal.key or "", now, now + self.token_s)
        return self._tokens.write(claims)

    def check_at_machine(self, scope: Scope) -> None:
        """Without keys nobody can be told from another; let only those pass who sit at the machine.

        They speak under a loopback name to a server bound to loopback. A request that came through
        a proxy names the proxy's host.

        Raises:
            NotAllowed: this one came from elsewhere.
        """
        if not (self._is_local and host_of(Headers(scope=scope).get("host", "")) in LOOPBACK_NAMES):
            raise NotAllowed(_AT_MACHINE)

    def address(self, scope: Scope) -> str:
        """Return the address of the client, as far as trusted proxies tell it."""
        client = scope.get("client")
        forwarded = Headers(scope=scope).getlist("x-forwarded-for")
        return client_address(client[0] if client else None, forwarded, self._proxies)

    def origin(self, scope: Scope) -> str:
        """Return scheme and host at which the client has found us: what its links begin with."""
        client, headers = scope.get("client"), Headers(scope=scope)
        forwarded = headers.getlist("x-forwarded-proto")
        peer = client[0] if client else None
        scheme = client_scheme(peer, scope["scheme"], forwarded, self._proxies)
        return f"{scheme}://{headers.get('host', '')}"

    async def _guest(self, token: str) -> Principal:
        link = await self._links.find(token)
        if link is None:
            raise _link_revoked()
        return Principal(Kind.LINK, frozenset({Role.WATCH}), (link.room,), link=link.id)

    def _take(self, token: str, scope: Scope) -> Principal:
        origin = Headers(scope=scope).get("origin", "")
        claims = self._tokens.take(token, now=self._clock(), origin=origin)
        behind = ANYBODY if not self.keys.is_on else self.keys.holder(claims.key)
        return Principal(
            Kind.TOKEN,
            frozenset({claims.role}),
            (claims.room,),
            key=behind.key,
            limits=behind.limits,
        )


def principal_of(connection: HTTPConnection) -> Principal:
    """Return who is behind a request that has passed the door; nobody, if it came another way."""
    principal: Principal = connection.scope.get(_PRINCIPAL, NOBODY)
    return principal


def address_of(connection: HTTPConnection) -> str:
    """Return the address of the client, as far as trusted proxies tell it."""
    keeper: Doorkeeper = connection.app.state.doorkeeper
    return keeper.address(connection.scope)


def origin_of(connection: HTTPConnection) -> str:
    """Return scheme and host at which the client has found us, as trusted proxies tell it."""
    keeper: Doorkeeper = connection.app.state.doorkeeper
    return keeper.origin(connection.scope)


def link_shown(connection: HTTPConnection) -> str | None:
    """Return the viewer link that a request has shown, if that is how it was let in."""
    shown = _shown(connection.scope)
    if principal_of(connection).kind is not Kind.LINK or shown is None:
        return None
    return shown.decode("ascii")


def remember(scope: Scope, principal: Principal) -> None:
    """Note who is behind a request."""
    scope[_PRINCIPAL] = principal


def require(connection: HTTPConnection, role: Role, room: str | None = None) -> Principal:
    """Return who is behind a request, if they may do something more than the route itself asks.

    Raises:
        NotAllowed: they may not.
    """
    principal = principal_of(connection)
    check(principal, role, room)
    return principal


def check(principal: Principal, role: Role, room: str | None) -> None:
    """Let only those pass who have a role, in a room if one is meant.

    Raises:
        NotAllowed: this one has not.
    """
    if not principal.may(role):
        raise NotAllowed(f"This needs a key with the role {role}.")
    if room is not None and not principal.may(role, room):
        raise NotAllowed(f"This key, token or link is not for room {room}.")


def _link_revoked() -> BadCredentials:
    return BadCredentials("This link has been taken back; ask for a new one.", code="link_revoked")


def _shown(scope: Scope) -> bytes | None:
    """The key or link in the headers, as bytes: a header may hold any."""
    headers = scope["headers"]
    for name, value in headers:
        if name == b"authorization" and (found := _SCHEME.fullmatch(value.strip())):
            return bytes(found[1].strip())
    for name, value in headers:
        if name == b"x-api-key" and value.strip():
            return bytes(value.strip())
    return None


def _offered_token(scope: Scope) -> str | None:
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(TOKEN_PREFIX):
            return str(offered[len(TOKEN_PREFIX) :])
    return None
