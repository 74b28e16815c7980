from __future__ import annotations

import ssl

import pytest

from livecaption.client.refusals import (
    ServerRefused,
    ServerUnreachable,
    SessionEnded,
    is_transient,
    refused_by_close,
    refused_by_http,
    refused_by_network,
)
from livecaption.errors import NotAllowed, Overloaded, ProtocolError
from livecaption.protocol.server_messages import ErrorMessage


@pytest.mark.parametrize(
    ("status", "error", "transient"),
    [
        (401, NotAllowed, False),
        (403, NotAllowed, False),
        (404, ServerRefused, False),
        (429, Overloaded, True),
        (431, ServerRefused, False),
        (500, ServerUnreachable, True),
        (503, Overloaded, True),
    ],
)
def test_http_answers_become_typed_errors(
    status: int, error: type[Exception], *, transient: bool
) -> None:
    refusal = refused_by_http(status, {}, b"")
    assert type(refusal) is error
    assert is_transient(refusal) is transient
    assert str(refusal).endswith((".", "?", "KEY."))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message": "Busy until noon."}', "Busy until noon."),
        (b'{"detail": "Busy until noon."}', "Busy until noon."),
        (b'{"error": "Busy until noon."}', "Busy until noon."),
        (b'{"error": {"message": "Busy until noon.", "type": "x"}}', "Busy until noon."),
        (b"Busy\r\nuntil\x1b[2J noon.", "Busy until [2J noon."),
        (b"B" * 5000, "B" * 300),
    ],
)
def test_the_servers_sentence_is_found_and_made_fit_for_a_terminal(body: bytes, said: str) -> None:
    assert str(refused_by_http(503, {}, body)) == said


@pytest.mark.parametrize(
    "body", [b"", b"<html><h1>503</h1></html>", b'{"message": 5}', b"[" * 100_000, b"\xff\xfe[]"]
)
def test_without_a_sentence_from_the_server_ours_is_used(body: bytes) -> None:
    assert "\n" not in str(refused_by_http(503, {}, body))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0.0), ("17", 17.0), ("-1", 5.0), ("1e9", 5.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 5.0)],
)
def test_retry_after_is_read_in_seconds(header: str, seconds: float) -> None:
    refusal = refused_by_http(503, {"retry-after": header}, b"")
    assert isinstance(refusal, Overloaded)
    assert refusal.retry_after == seconds


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (4501, NotAllowed),
        (4503, NotAllowed),
        (4504, NotAllowed),
        (4507, ProtocolError),
        (1002, ProtocolError),
        (1009, ProtocolError),
        (4000, ProtocolError),
        (4029, SessionEnded),
        (1000, SessionEnded),
        (4009, SessionEnded),
        (4999, SessionEnded),
    ],
)
def test_close_codes_become_typed_errors(code: int, error: type[Exception]) -> None:
    assert type(refused_by_close(code, None)) is error
    said = ErrorMessage(code="x", message="Because.", fatal=True)
    assert str(refused_by_close(code, said)) == "Because."


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError(), "no answer in time"),
        (OSError("Multiple exceptions"), "Multiple exceptions"),
        (ValueError("did not receive a valid HTTP response"), "closed before an answer"),
    ],
)
def test_network_problems_say_what_to_do(problem: Exception, reason: str) -> None:
    refusal = refused_by_network("ws://host:1/ws/publish", problem)
    assert isinstance(refusal, ServerUnreachable)
    assert reason in str(refusal)
    assert "livecaption serve" in str(refusal)


def test_an_address_that_has_answered_before_is_not_doubted() -> None:
    problem = ConnectionRefusedError(111, "Connection refused")
    refusal = refused_by_network("ws://host:1/ws/publish", problem, reached=True)
    assert str(refusal) == "The server does not answer (Connection refused)."


def test_a_certificate_nobody_vouches_for_is_not_tried_again() -> None:
    problem = ssl.SSLCertVerificationError(1, "certificate verify failed")
    problem.verify_message = "self-signed certificate"
    refusal = refused_by_network("wss://host/ws/publish", problem)
    assert not is_transient(refusal)
    assert "self-signed certificate" in str(refusal)
