"""``GET /openapi.json``: the HTTP routes as OpenAPI 3.1, made of two tables; ``/docs`` shows it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecaption import __version__
from livecaption.server.demands import DEMANDS, Demand
from livecaption.server.pages import docs_page
from livecaption.server.route_docs import ROOM, ROUTE_DOCS, RouteDoc

__all__ = ["description", "docs_routes"]

_PART = re.compile(r"\{(\w+)(?::(\w+))?\}")
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}
_REFUSAL = {
    "description": "Refused: whose fault it is, and what to do.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


@cache
def description() -> dict[str, Any]:
    """Return the document; the same object each time, not to be changed."""
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), doc in ROUTE_DOCS.items():
        known = paths.setdefault(_PART.sub(r"{\1}", path), {})
        known[method.lower()] = _operation(method, path, doc, DEMANDS[method, path])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "livecaption",
            "version": __version__,
            "description": "WebSockets are described in docs/protocol of the project.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _operation(method: str, path: str, doc: RouteDoc, demand: Demand) -> dict[str, Any]:
    role = "any" if demand.any_role else demand.role
    operation: dict[str, Any] = {
        "operationId": _identifier(method, path),
        "summary": doc.summary,
        "parameters": [*_path_parameters(path), *_query_parameters(doc)],
        "responses": {
            **{str(status): _answer(*answer) for status, answer in doc.answers.items()},
            "default": _REFUSAL,
        },
    }
    if not demand.is_public:
        operation["description"] = f"Where there are keys: one with the role {role}."
        operation["security"] = [{"bearer": []}, {"header": []}]
        operation["x-role"] = str(role)
    if doc.body is not None:
        content_type, schema = doc.body
        required = bool(schema.get("required"))
        operation["requestBody"] = {
            "required": required,
            "content": {content_type: {"schema": schema}},
        }
    return operation


def _identifier(method: str, path: str) -> str:
    return "_".join([method.lower(), *re.findall(r"\w+", _PART.sub(r"\1", path))])


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schemas: dict[str, Any] = {
        "room": ROOM,
        "number": {"type": "integer", "minimum": 0},
        "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "model": {"type": "string", "minLength": 1},
    }
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas[name]}
        for name, _ in _PART.findall(path)
    ]


def _query_parameters(doc: RouteDoc) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": schema} for name, schema in doc.query.items()]


def _answer(content_type: str, schema: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done."}
    if content_type:
        answer["content"] = {content_type: {"schema": schema}}
    return answer


async def show_description(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /openapi.json``."""
    return JSONResponse(description())


docs_routes = [Route("/openapi.json", show_description), Route("/docs", docs_page)]
"""To be put among the application's routes."""
