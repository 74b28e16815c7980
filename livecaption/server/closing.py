"""One table from errors to close codes, and the error message that goes before the close."""

from __future__ import annotations

from livecaption.errors import (
    BadCredentials,
    ClientError,
    LiveCaptionError,
    NotAllowed,
    Overloaded,
    ProtocolError,
    QuotaUsed,
    UnsupportedAudio,
)
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.server_messages import ErrorMessage

__all__ = ["close_code_for", "error_message"]

_BY_CODE = {
    "idle": CloseCode.IDLE_OR_SLOW,
    "slow": CloseCode.IDLE_OR_SLOW,
    "too_fast": CloseCode.TOO_FAST,
    "unsupported_version": CloseCode.UNSUPPORTED_VERSION,
    "going_away": CloseCode.RESTART,
}

_BY_CLASS: tuple[tuple[type[LiveCaptionError], CloseCode], ...] = (
    (BadCredentials, CloseCode.BAD_CREDENTIALS),
    (NotAllowed, CloseCode.NOT_ALLOWED),
    (QuotaUsed, CloseCode.QUOTA),
    (UnsupportedAudio, CloseCode.BAD_MESSAGES),
    (ProtocolError, CloseCode.BAD_MESSAGES),
    (ClientError, CloseCode.BAD_MESSAGES),
    (Overloaded, CloseCode.FULL),
)


def close_code_for(error: LiveCaptionError) -> CloseCode:
    """Return the close code that tells the peer what ``error`` means for it."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return code
    return CloseCode.INTERNAL_ERROR


def error_message(error: LiveCaptionError, *, fatal: bool) -> ErrorMessage:
    """Return the wire message for an error; of our own faults only the fact is told."""
    retry = error.retry_after if isinstance(error, Overloaded | QuotaUsed) else None
    retry_ms = None if retry is None else int(retry * 1000)
    known = isinstance(error, ClientError | Overloaded)
    message = str(error) if known else "The server failed; the fault is ours, not yours."
    return ErrorMessage(code=error.code, message=message, fatal=fatal, retry_after_ms=retry_ms)
