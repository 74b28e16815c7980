"""The numbers and names both ends must agree on, each in one place.

They belong to the contract: changing one is a change of ``docs/protocol/``. What an operator may
tune lives in the settings, not here.
"""

from __future__ import annotations

__all__ = [
    "CLIENT_BUFFER_S",
    "DEFAULT_ROOM",
    "IDLE_S",
    "MAX_BAD_MESSAGES",
    "MAX_CHANNELS",
    "MAX_CONTROL_BYTES",
    "MAX_FRAME_BYTES",
    "MAX_IDENTIFIER_CHARS",
    "MAX_RATE_HZ",
    "MAX_ROOM_CHARS",
    "MAX_SERVER_MESSAGE_BYTES",
    "MAX_SESSION_S",
    "MAX_SPEAKER_CHARS",
    "MAX_TOKEN_CHARS",
    "MAX_VOCABULARY_ITEMS",
    "MAX_VOCABULARY_ITEM_CHARS",
    "MAX_WATCH_UNSENT_EVENTS",
    "MIN_RATE_HZ",
    "PROTOCOL_VERSION",
    "RECOMMENDED_FRAME_MS",
    "RESUME_GRACE_S",
    "SNAPSHOT_FINALS",
    "START_TIMEOUT_S",
    "SUBPROTOCOL",
    "TOKEN_PREFIX",
    "WATCH_STALL_S",
]

PROTOCOL_VERSION = 1
"""What ``ready.protocol`` says."""

SUBPROTOCOL = "livecaption.v1"
"""The WebSocket subprotocol both sockets offer and select."""

TOKEN_PREFIX = "lct."  # noqa: S105 - the marker in front of a token, not a token
"""A browser offers ``lct.<token>`` as a second subprotocol; it is never selected."""

DEFAULT_ROOM = "main"

START_TIMEOUT_S = 5.0
"""Seconds within which a publisher's ``start`` must arrive."""

IDLE_S = 60.0
"""Seconds without audio or ``keepalive`` after which a publisher is closed with 4008."""

MAX_SESSION_S = 86_400.0
"""Seconds one session may last."""

RESUME_GRACE_S = 120.0
"""Seconds for which a server that can resume keeps a session whose socket is gone."""

CLIENT_BUFFER_S = 60.0
"""Seconds of audio a client keeps so that it can send them again."""

RECOMMENDED_FRAME_MS = 100

MAX_FRAME_BYTES = 65_536
"""Bytes in one binary (audio) frame."""

MAX_CONTROL_BYTES = 8_192
"""UTF-8 bytes in one text frame a client sends."""

MAX_SERVER_MESSAGE_BYTES = 1_048_576
"""UTF-8 bytes in one text frame the server sends; only a ``snapshot`` comes near it."""

MAX_BAD_MESSAGES = 10
"""Bad frames and messages in one session before the server closes it with 4000."""

WATCH_STALL_S = 10.0
"""Seconds a subscriber may accept nothing before it is closed with 4008."""

MAX_WATCH_UNSENT_EVENTS = 256
"""Events waiting for one subscriber before it is closed with 4008."""

SNAPSHOT_FINALS = 50
"""Finals a ``snapshot`` holds at most."""

MAX_ROOM_CHARS = 64
MAX_SPEAKER_CHARS = 64
MAX_VOCABULARY_ITEMS = 100
MAX_VOCABULARY_ITEM_CHARS = 64
MAX_TOKEN_CHARS = 1_024
MAX_IDENTIFIER_CHARS = 128
MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 48_000
MAX_CHANNELS = 2
