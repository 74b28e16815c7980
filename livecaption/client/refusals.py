"""Why a server would not have us, as typed errors with the server's own sentence in them.

Two places say no: the HTTP answer before the socket opens, and the close code after it has. Only
``ServerUnreachable`` and ``Overloaded`` pass by themselves; ``is_transient`` says so.
"""

from __future__ import annotations

import json
import ssl
import unicodedata
from collections.abc import Mapping

from livecaption.errors import (
    LiveCaptionError,
    NotAllowed,
    OperatorError,
    Overloaded,
    ProtocolError,
)
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.server_messages import ErrorMessage

__all__ = [
    "ServerRefused",
    "ServerUnreachable",
    "SessionEnded",
    "is_transient",
    "refused_by_close",
    "refused_by_http",
    "refused_by_network",
]

_SENTENCE_CHARS = 300
_DEFAULT_RETRY_S = 5.0


class ServerUnreachable(OperatorError):
    """Nothing answers at the address, or it broke off before it had answered."""

    code = "unreachable"


class ServerRefused(OperatorError):
    """Something answers, but not a livecaption server, or not for us."""

    code = "refused"


class SessionEnded(LiveCaptionError):
    """The server ended the session for good, although we had not asked for it."""

    code = "session_ended"


def is_transient(error: LiveCaptionError) -> bool:
    """Say whether trying again later, unchanged, may succeed."""
    return isinstance(error, ServerUnreachable | Overloaded)


def refused_by_http(status: int, headers: Mapping[str, str], body: bytes) -> LiveCaptionError:
    """Turn an HTTP answer to the WebSocket upgrade into an error.

    Args:
        status: HTTP status, not 101.
        headers: of the answer, names in lower case; ``retry-after`` is read.
        body: of the answer; a JSON object with ``message`` or ``detail``, or plain text.
    """
    said = _sentence(body)
    if status in (429, 503):
        return Overloaded(
            said or "The server is full; it takes no new session now.",
            retry_after=_retry_after(headers.get("retry-after")),
        )
    if status in (401, 403):
        return NotAllowed(
            said or "The server refused the key; give a valid one as --key or LIVECAPTION_KEY."
        )
    if status >= 500:
        return ServerUnreachable(said or f"The server answered with HTTP status {status}.")
    return ServerRefused(
        said
        or f"The address answered with HTTP status {status}; is it that of a livecaption server?"
    )


def refused_by_close(code: int, error: ErrorMessage | None) -> LiveCaptionError:
    """Turn a close code after which we must not come back into an error.

    Args:
        code: WebSocket close code.
        error: the fatal error that the server sent before it closed, if it did.
    """
    known = {int(each): each.meaning for each in CloseCode}
    sentence = error.message if error else known.get(code, f"The server closed with code {code}.")
    match code:
        case CloseCode.BAD_CREDENTIALS | CloseCode.NOT_ALLOWED | CloseCode.QUOTA:
            return NotAllowed(sentence)
        case 1002 | 1003 | 1007 | 1009 | CloseCode.BAD_MESSAGES | CloseCode.UNSUPPORTED_VERSION:
            return ProtocolError(sentence)
        case CloseCode.NORMAL:
            return SessionEnded(error.message if error else "The server ended the session.")
        case _:
            return SessionEnded(sentence)


def refused_by_network(url: str, error: Exception, *, reached: bool = False) -> LiveCaptionError:
    """Turn a failure to connect or to shake hands into an error.

    Args:
        url: that was tried.
        error: from the network.
        reached: whether the server has answered before, so that its address must be right.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerRefused(
            f"The certificate of {url} cannot be verified ({error.verify_message}); "
            "use the name it was issued for, or trust its issuer on this machine."
        )
    if isinstance(error, TimeoutError):
        reason = "no answer in time"
    elif isinstance(error, OSError):
        reason = error.strerror or str(error)
    else:
        reason = "the connection was closed before an answer came"
    if reached:
        return ServerUnreachable(f"The server does not answer ({_one_line(reason)}).")
    return ServerUnreachable(
        f"No livecaption server answers at {url} ({_one_line(reason)}); "
        "start one with `livecaption serve`, or correct the address."
    )


def _retry_after(value: str | None) -> float:
    """Seconds of a ``Retry-After`` header; the form with a date is not worth a calendar."""
    return float(value) if value is not None and value.isdecimal() else _DEFAULT_RETRY_S


def _sentence(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return "" if "<" in text else _one_line(text)  # a proxy's page is no sentence
    if isinstance(parsed, dict) and isinstance(parsed.get("error"), dict):
        parsed = parsed["error"]
    if isinstance(parsed, dict):
        for key in ("message", "detail", "error"):
            if isinstance(parsed.get(key), str):
                return _one_line(parsed[key])
    return ""


def _one_line(text: str) -> str:
    """Make text from the network fit for a terminal: no control characters, one short line."""
    shown = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(shown.split())[:_SENTENCE_CHARS]
