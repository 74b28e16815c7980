"""Answers to requests that never reach the application, written by hand."""

from __future__ import annotations

from http import HTTPStatus

from livecaption.server.answers import refusal

__all__ = ["last_answer"]

_SENTENCES = {
    "bad_request": "This is no HTTP request that can be understood.",
    "head_too_large": "The request's head is too large: 16 KiB in all, 8 KiB and 128 lines for a "
    "WebSocket.",
    "url_too_long": "The URL is too long for a WebSocket: 8 KiB.",
    "head_too_slow": "The request's head took too long.",
    "too_many_connections": "This address has as many connections as one may.",
}


def last_answer(status: HTTPStatus, code: str, retry_after: float | None = None) -> bytes:
    """Return a whole answer, after which the connection is closed."""
    answer = refusal(status, code, _SENTENCES[code], retry_after=retry_after)
    answer.headers["Connection"] = "close"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in answer.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])
