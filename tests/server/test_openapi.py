"""The description of the HTTP routes: whole, valid, and true of a running server with keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from livecaption.access.roles import Role
from livecaption.server.demands import DEMANDS
from livecaption.server.openapi import description
from livecaption.server.route_docs import ROUTE_DOCS
from tests.keys import bearer, make_key
from tests.server.files import hearing

ENDLESS = "/v1/rooms/{room}/events"
SHUTS = "/v1/admin/drain"
"""Comes last: while it is on, new work is refused with 503."""
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


def test_every_http_route_is_described_and_nothing_else() -> None:
    assert set(ROUTE_DOCS) == {key for key in DEMANDS if key[0] not in ("MOUNT", "SOCKET")}


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(description())
    found: list[Any] = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), "an operation is malformed"
        found.append(result.ok())
    assert len(found) == len(ROUTE_DOCS)
    chosen = [operation for operation in found if operation.path != ENDLESS]
    return sorted(chosen, key=lambda operation: operation.path == SHUTS)


def tried(operation: Any, base_url: str, headers: dict[str, str]) -> None:
    """Send what the description allows; the answers must be what it says."""

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        case.call_and_validate(base_url=base_url, headers=headers, checks=CHECKS, timeout=30)

    attempt()


async def test_the_server_answers_as_described(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.ADMIN)
    async with hearing(data_dir=tmp_path) as running:
        for operation in operations():
            await asyncio.to_thread(tried, operation, running.http, bearer(key))


async def test_every_route_that_names_a_role_demands_a_key(tmp_path: Path) -> None:
    await make_key(tmp_path, Role.ADMIN)
    async with hearing(data_dir=tmp_path) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
            for path, methods in description()["paths"].items():
                url = path.replace("{number}", "1").replace("{", "").replace("}", "")
                for method, operation in methods.items():
                    status = (await http.request(method.upper(), url)).status_code
                    assert (status == 401) == ("x-role" in operation), f"{method} {path}: {status}"
