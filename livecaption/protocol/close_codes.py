"""Why a socket was closed, and whether a client should come back.

One rule lets a client act on codes it has never seen: 4000 to 4499 come back, 4500 to 4999 do not.
Which error leads to which code is the server's table, not this module's business.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["CloseCode", "may_reconnect"]


class CloseCode(IntEnum):
    """The WebSocket close codes of ``livecaption.v1``."""

    NORMAL = 1000
    GOING_AWAY = 1001
    ABNORMAL = 1006
    INTERNAL_ERROR = 1011
    RESTART = 1012
    FULL = 1013
    BAD_MESSAGES = 4000
    IDLE_OR_SLOW = 4008
    TAKEN_OVER = 4009
    TOO_FAST = 4029
    BAD_CREDENTIALS = 4501
    NOT_ALLOWED = 4503
    QUOTA = 4504
    UNSUPPORTED_VERSION = 4507

    @property
    def meaning(self) -> str:
        """One sentence for people; short enough for the reason of a close frame (123 bytes)."""
        return _MEANINGS[self]


_MEANINGS = {
    CloseCode.NORMAL: "The session ended as asked, after stop; nothing is missing.",
    CloseCode.GOING_AWAY: "The server or the page is going away; come back.",
    CloseCode.ABNORMAL: "The connection broke; no close frame came. Never sent, only seen.",
    CloseCode.INTERNAL_ERROR: "A fault of the server; its log has the details.",
    CloseCode.RESTART: "The server restarts; come back.",
    CloseCode.FULL: "The server has no room for more work; come back later.",
    CloseCode.BAD_MESSAGES: "No start in time, or too many messages or frames were refused.",
    CloseCode.IDLE_OR_SLOW: "A publisher sent nothing, or a watcher read nothing, for too long.",
    CloseCode.TAKEN_OVER: "Another connection resumed this session; it goes on there.",
    CloseCode.TOO_FAST: "Audio or messages came faster than speech; slow down.",
    CloseCode.BAD_CREDENTIALS: "The key or token is missing, wrong or expired.",
    CloseCode.NOT_ALLOWED: "The origin, or the role of the key, is not allowed to do this.",
    CloseCode.QUOTA: "The key has used up what it is entitled to.",
    CloseCode.UNSUPPORTED_VERSION: "Server and client have no protocol version in common.",
}

_TRANSPORT_CODES_TO_RETRY = frozenset(
    {
        CloseCode.GOING_AWAY,
        CloseCode.ABNORMAL,
        CloseCode.INTERNAL_ERROR,
        CloseCode.RESTART,
        CloseCode.FULL,
    }
)


def may_reconnect(code: int) -> bool:
    """Say whether a client closed with ``code`` should come back (with growing pauses).

    Codes of the WebSocket layer that are not ours (1002, 1007, 1009) mean that the client itself is
    at fault, and doing the same again would end the same way.
    """
    return 4000 <= code <= 4499 or code in _TRANSPORT_CODES_TO_RETRY
