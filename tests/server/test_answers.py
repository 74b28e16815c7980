"""Refusals over HTTP, each family of routes in its own form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from livecaption.access.rates import Limit, Limits, parse_rate
from livecaption.access.roles import ANYBODY, Principal, Role
from livecaption.errors import (
    BadCredentials,
    ClientError,
    EngineError,
    LiveCaptionError,
    NotAllowed,
    Overloaded,
    QuotaUsed,
    RateLimited,
)
from livecaption.server.answers import answer_to
from livecaption.server.counters import Counters
from livecaption.server.demands import DEMANDS, Family
from livecaption.server.doorkeeper import require
from livecaption.server.gate import Gate
from livecaption.server.limiter import Limiter
from livecaption.server.room_requests import with_refusals

ERRORS = [
    (BadCredentials("No."), 401, "authentication_error"),
    (NotAllowed("No."), 403, "permission_error"),
    (QuotaUsed("No.", retry_after=0.2), 429, "rate_limit_error"),
    (RateLimited("No.", retry_after=7), 429, "rate_limit_error"),
    (Overloaded("No."), 503, "server_error"),
    (ClientError("No."), 400, "invalid_request_error"),
    (EngineError("No."), 500, "server_error"),
]


@pytest.mark.parametrize(("error", "status", "_type"), ERRORS)
def test_an_error_says_whose_fault_it_is(error: LiveCaptionError, status: int, _type: str) -> None:
    answer = answer_to(error)
    assert answer.status_code == status
    assert json.loads(bytes(answer.body)) == {"error": {"code": error.code, "message": "No."}}
    assert ("retry-after" in answer.headers) is (status in (429, 503))
    assert answer.headers.get("retry-after") != "0"


@pytest.mark.parametrize(("error", "status", "kind"), ERRORS)
def test_clients_of_openai_get_its_form(error: LiveCaptionError, status: int, kind: str) -> None:
    answer = answer_to(error, Family.OPENAI)
    assert answer.status_code == status
    assert json.loads(bytes(answer.body)) == {
        "error": {"code": error.code, "message": "No.", "type": kind, "param": None}
    }


class Keeper:
    """Lets everybody in as one principal, or refuses."""

    def __init__(self, answer: Principal | LiveCaptionError) -> None:
        self._answer = answer

    async def authenticate(self, _scope: object) -> Principal:
        if isinstance(self._answer, LiveCaptionError):
            raise self._answer
        return self._answer

    def address(self, _scope: object) -> str:
        return "203.0.113.7"


async def ask(app: Starlette, path: str, query: bytes = b"") -> tuple[int, Any]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query,
        "headers": [],
        "app": app,
    }
    seen: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        seen.append(message)

    await app(scope, receive, send)
    body = b"".join(m.get("body", b"") for m in seen)
    return seen[0]["status"], json.loads(body)["error"] if seen[0]["status"] >= 400 else None


def application(answer: Principal | LiveCaptionError, rate: str = "off") -> Starlette:

    async def reached(request: Request) -> Response:
        if request.query_params.get("wants") == "admin":
            require(request, Role.ADMIN)
        return PlainTextResponse("")

    paths = ["/transcribe", "/v1/audio/transcriptions"]
    app = Starlette(
        routes=[Route(path, with_refusals(reached), methods=["POST"]) for path in paths],
        middleware=[Middleware(Gate)],
    )
    app.state.doorkeeper = Keeper(answer)
    limits = Limits("memory://", dict.fromkeys(Limit, parse_rate(rate)), None, None, 10, 10)
    app.state.limiter = Limiter(limits, Counters.open("memory://"))
    return app


async def test_what_the_door_refuses_has_the_form_of_the_route() -> None:
    app = application(BadCredentials("No.", code="key_required"))
    status, error = await ask(app, "/transcribe")
    assert (status, error) == (401, {"code": "key_required", "message": "No."})
    status, error = await ask(app, "/v1/audio/transcriptions")
    assert (status, error["type"]) == (401, "authentication_error")
    status, error = await ask(app, "/v1/audio/transcriptions", b"api_key=x")
    assert (status, error["code"], error["param"]) == (400, "secret_in_url", None)


async def test_the_door_counts_work_for_the_engine() -> None:
    app = application(ANYBODY, "2/hour")
    paths = ["/transcribe", "/v1/audio/transcriptions", "/v1/audio/transcriptions"]
    answers = [await ask(app, path) for path in paths]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert answers[-1][1]["type"] == "rate_limit_error"


async def test_a_handler_may_ask_for_more_than_its_route() -> None:
    app = application(Principal(ANYBODY.kind, frozenset({Role.TRANSCRIBE})))
    assert (await ask(app, "/transcribe"))[0] == 200
    status, error = await ask(app, "/transcribe", b"wants=admin")
    assert (status, error["code"]) == (403, "not_allowed")


def test_routes_of_another_services_dialect_are_marked() -> None:
    marked = {path for (_, path), demand in DEMANDS.items() if demand.family is Family.OPENAI}
    assert all(path.startswith(("/v1/audio/", "/v1/models")) for path in marked)
    assert len(marked) == 4
