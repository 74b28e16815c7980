"""What each HTTP route takes and answers, as data: the source of ``/openapi.json``.

Who may call a route is not said here but in ``demands.py``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livecaption.core.file_exports import FILE_EXPORTS
from livecaption.protocol.limits import MAX_ROOM_CHARS
from livecaption.server.openai_answers import FORMATS

__all__ = ["ROOM", "ROUTE_DOCS", "RouteDoc"]

Schema = Mapping[str, Any]

ROOM: Schema = {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}$"}

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "string", "enum": ["true", "false"]}
_OFFSET: Schema = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}


def _object(*required: str, **properties: Schema) -> Schema:
    named: dict[str, Schema] = {name: {} for name in required} | properties
    return {"type": "object", "required": list(required), "properties": named}


def _list(name: str, of: Schema) -> Schema:
    return _object(name, **{name: {"type": "array", "items": of}})


@dataclass(frozen=True, slots=True)
class RouteDoc:
    """One route."""

    summary: str
    answers: Mapping[int, tuple[str, Schema]] = field(default_factory=dict)
    """By status: content type and schema; an empty content type is an empty body."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: tuple[str, Schema] | None = None
    """Content type and schema."""


def _json(schema: Schema, status: int = 200) -> dict[int, tuple[str, Schema]]:
    return {status: ("application/json", schema)}


def _text(content_type: str) -> dict[int, tuple[str, Schema]]:
    return {200: (content_type, _TEXT)}


_PAGE = _text("text/html")
_DRAIN = _object("draining", "sessions_left", draining={"type": "boolean"}, sessions_left=_COUNT)
_ROOM_STATE = _object("room", "publishers", "detached", "watchers", "offset", "finals")
_JOB = _object("id", "status", "url", "progress", "error", "deliveries", id=_TEXT, status=_TEXT)
_READINESS = _object("status", "access", access={"enum": ["key", "open"]})
_FILE: dict[str, Schema] = {
    "file": {"type": "string", "format": "binary"},
    "language": _TEXT,
    "prompt": {"type": "string", "maxLength": 4000},
    "temperature": {"type": "number", "minimum": 0, "maximum": 1},
}
_FORM = "multipart/form-data"
_OURS = (_FORM, _object("file", **_FILE, task={"enum": ["transcribe", "translate"]}, words=_FLAG))
_OPENAI = (
    _FORM,
    _object("file", **_FILE, model=_TEXT, response_format={"enum": list(FORMATS)}, stream=_FLAG),
)
_OPENAI_ANSWER: dict[int, tuple[str, Schema]] = {200: ("*/*", {})}
_MODEL = _object("id", "object", id=_TEXT)

ROUTE_DOCS: dict[tuple[str, str], RouteDoc] = {
    ("GET", "/"): RouteDoc("The microphone page.", _PAGE),
    ("GET", "/overlay/{room}"): RouteDoc("A room's captions for OBS.", _PAGE),
    ("GET", "/watch/{room}"): RouteDoc("A room's captions for an audience.", _PAGE),
    ("GET", "/admin"): RouteDoc("The operator's page.", _PAGE),
    ("GET", "/docs"): RouteDoc("This description, to be read.", _PAGE),
    ("GET", "/openapi.json"): RouteDoc("This description.", _json(_object("openapi", "paths"))),
    ("GET", "/healthz"): RouteDoc("Whether the process lives.", _json(_object("status"))),
    ("GET", "/readyz"): RouteDoc(
        "Whether new speakers are served, and whether keys are asked for.",
        _json(_READINESS) | _json(_READINESS, 503),
    ),
    ("GET", "/metrics"): RouteDoc(
        "Figures for Prometheus.",
        {200: ("text/plain", _TEXT)},
    ),
    ("GET", "/v1/admin/state"): RouteDoc(
        "What the operator's page shows.", _json(_object("version", "status", "sessions", "rooms"))
    ),
    ("POST", "/v1/admin/drain"): RouteDoc(
        "Take no new work; what has begun goes on.", _json(_DRAIN, 202)
    ),
    ("DELETE", "/v1/admin/drain"): RouteDoc("Take new work again.", _json(_DRAIN)),
    ("POST", "/v1/tokens"): RouteDoc(
        "A browser token for one WebSocket.",
        _json(_object("token", "expires_in_s", "room", "role"), 201),
        body=(
            "application/json",
            {
                "type": "object",
                "properties": {
                    "room": ROOM,
                    "role": {"enum": ["publish", "watch"]},
                    "origin": {"type": ["string", "null"], "maxLength": 255},
                },
            },
        ),
    ),
    ("GET", "/v1/rooms/{room}/events"): RouteDoc(
        "A room's captions as Server-Sent Events, without an end.",
        _text("text/event-stream"),
        query={"after": _OFFSET},
    ),
    ("GET", "/v1/rooms"): RouteDoc("The rooms there are.", _json(_list("rooms", _ROOM_STATE))),
    ("GET", "/v1/rooms/{room}"): RouteDoc("How a room is.", _json(_ROOM_STATE)),
    ("DELETE", "/v1/rooms/{room}"): RouteDoc(
        "Forget what was said in a room.", _json(_object("room", "deleted_events"))
    ),
    ("GET", "/v1/rooms/{room}/transcript"): RouteDoc(
        "What was said in a room, as a file.",
        {200: ("*/*", {})},
        query={"format": _TEXT, "after": _OFFSET, "download": {"enum": [0, 1]}, "times": _TEXT},
    ),
    ("GET", "/v1/rooms/{room}/captions.m3u8"): RouteDoc(
        "The live caption track, for HLS players.",
        _text("application/vnd.apple.mpegurl"),
        query={"mpegts": _OFFSET, "zero": _TEXT},
    ),
    ("GET", "/v1/rooms/{room}/captions/{number:int}.vtt"): RouteDoc(
        "One segment of that track.",
        _text("text/vtt"),
        query={"mpegts": _OFFSET, "zero": _TEXT},
    ),
    ("GET", "/v1/rooms/{room}/qr.svg"): RouteDoc(
        "The QR code of a room's viewer page.", _text("image/svg+xml"), query={"origin": _TEXT}
    ),
    ("GET", "/v1/rooms/{room}/links"): RouteDoc(
        "A room's viewer links, without what makes them work.",
        _json(_list("links", _object("id", "created_at", "revoked_at"))),
    ),
    ("POST", "/v1/rooms/{room}/links"): RouteDoc(
        "A viewer link that can be taken back.", _json(_object("id", "token", "url"), 201)
    ),
    ("DELETE", "/v1/rooms/{room}/links/{id}"): RouteDoc(
        "Take a viewer link back.", {204: ("", {})}
    ),
    ("POST", "/transcribe"): RouteDoc(
        "A file's text; a long file becomes a job.",
        _json(_object("id", "text", "segments", text=_TEXT))
        | _json(_object("id", "status", "url"), 202),
        body=_OURS,
    ),
    ("POST", "/v1/audio/transcriptions"): RouteDoc(
        "A file's text, as OpenAI's clients ask for it.", _OPENAI_ANSWER, body=_OPENAI
    ),
    ("POST", "/v1/audio/translations"): RouteDoc(
        "A file's text in English, as OpenAI's clients ask for it.", _OPENAI_ANSWER, body=_OPENAI
    ),
    ("GET", "/v1/models"): RouteDoc("The model there is.", _json(_list("data", _MODEL))),
    ("GET", "/v1/models/{model:path}"): RouteDoc("One model.", _json(_MODEL)),
    ("POST", "/v1/jobs"): RouteDoc(
        "A file to be transcribed when there is time.",
        _json(_JOB, 202),
        body=(_FORM, {**_OURS[1], "properties": {**_OURS[1]["properties"], "webhook": _TEXT}}),
    ),
    ("GET", "/v1/jobs"): RouteDoc(
        "Your jobs, the newest first.",
        _json(_list("jobs", _JOB)),
        query={"limit": {"type": "integer", "minimum": 1, "maximum": 200}, "before": _TEXT},
    ),
    ("GET", "/v1/jobs/{id}"): RouteDoc("How far a job is.", _json(_JOB)),
    ("GET", "/v1/jobs/{id}/transcript"): RouteDoc(
        "What a job brought.",
        {200: ("*/*", {})},
        query={"format": {"enum": list(FILE_EXPORTS)}},
    ),
    ("DELETE", "/v1/jobs/{id}"): RouteDoc("Cancel or forget a job.", {204: ("", {})}),
    ("GET", "/v1/webhook-secret"): RouteDoc(
        "What messages about your jobs are signed with.", _json(_object("secret"))
    ),
}
"""Method and path, as the route has it; sockets are described in ``docs/protocol/``."""
