"""The door: every request shows who it is from, as the table of demands asks, before its handler.

It stands behind ``Guard`` (Host, Origin, headers) and in front of the routes. Refusals that can be
decided here come before a socket is accepted, in HTTP.
"""

from __future__ import annotations

from contextlib import ExitStack

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from livecaption.access.rates import Limit
from livecaption.access.roles import ANYBODY, NOBODY, Principal
from livecaption.errors import BadCredentials, ClientError, LiveCaptionError
from livecaption.server.answers import answer_to
from livecaption.server.crowd import let_in
from livecaption.server.demands import Demand, demand_of
from livecaption.server.doorkeeper import Doorkeeper, check, remember
from livecaption.server.doors import note_refusal
from livecaption.server.limiter import Limiter

__all__ = ["Gate"]

_SECRETS = frozenset({"token", "key", "api_key", "apikey", "access_token"})


class Gate:
    """ASGI middleware around the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer refused requests, pass on the others with their principal."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        found = demand_of(scope, scope["app"].routes)
        if found is not None:
            demand, parts = found
            with ExitStack() as places:
                try:
                    await self._admit(scope, demand, parts.get("room"), places)
                except LiveCaptionError as exc:
                    note_refusal(scope, exc.code)
                    await answer_to(exc, demand.family)(scope, receive, send)
                    return
                await self._app(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(
        self, scope: Scope, demand: Demand, room: str | None, places: ExitStack
    ) -> None:
        if demand.is_public:
            remember(scope, ANYBODY)
            return
        if _SECRETS & QueryParams(scope["query_string"]).keys():
            raise ClientError(
                "Secrets do not belong into a URL, where logs keep them; send an Authorization "
                "header.",
                code="secret_in_url",
            )
        keeper: Doorkeeper = scope["app"].state.doorkeeper
        limiter: Limiter = scope["app"].state.limiter
        principal = await _identify(keeper, scope, demand)
        if demand.role is not None and principal is not NOBODY:
            check(principal, demand.role, room)
        if demand.at_machine and principal is ANYBODY:
            keeper.check_at_machine(scope)
        address = keeper.address(scope)
        if demand.limit is not None:
            await limiter.check(demand.limit, principal, address)
        if demand.limit is Limit.CONNECTS:
            places.enter_context(limiter.socket_place(address))
            let_in(scope)
        else:
            places.enter_context(limiter.request_place(address))
        remember(scope, principal)


async def _identify(keeper: Doorkeeper, scope: Scope, demand: Demand) -> Principal:
    try:
        return await keeper.authenticate(scope)
    except BadCredentials as exc:
        if demand.may_wait and exc.code == "key_required":
            return NOBODY
        raise
