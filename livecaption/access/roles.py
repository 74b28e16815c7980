"""Roles, and the person or program behind a request.

``Principal.may`` is the one question that everything else asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

__all__ = [
    "ANYBODY",
    "EVERY_ROOM",
    "NOBODY",
    "KeyLimits",
    "Kind",
    "Principal",
    "Role",
    "is_room_pattern",
]

EVERY_ROOM = ("*",)

_PATTERN = re.compile(r"[A-Za-z0-9_*-]{1,64}", re.ASCII)


class Role(StrEnum):
    """What a key may be good for."""

    PUBLISH = "publish"
    """Speak into its rooms, read them, and give out viewer links for them."""
    WATCH = "watch"
    """Read its rooms: live, and their transcripts."""
    TRANSCRIBE = "transcribe"
    """Have files transcribed."""
    ADMIN = "admin"
    """All of it, and delete rooms and read the metrics."""


_INCLUDES = {
    Role.PUBLISH: frozenset({Role.PUBLISH, Role.WATCH}),
    Role.WATCH: frozenset({Role.WATCH}),
    Role.TRANSCRIBE: frozenset({Role.TRANSCRIBE}),
    Role.ADMIN: frozenset(Role),
}


class Kind(StrEnum):
    """How somebody has shown who they are."""

    ANONYMOUS = "anonymous"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - a name
    LINK = "link"


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What a key is entitled to, where that differs from the server's settings (None)."""

    streams: int | None = None
    """Speakers at once."""
    requests: str | None = None
    """Files to transcribe, such as ``30/minute``."""
    upload_mb: int | None = None
    """Megabytes uploaded in a day."""
    jobs: int | None = None
    """Jobs that are queued or running."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks."""

    kind: Kind
    roles: frozenset[Role]
    rooms: tuple[str, ...] = EVERY_ROOM
    """Patterns of room names; ``*`` stands for any characters."""
    key: str | None = None
    """Id of the key that stands behind it."""
    link: str | None = None
    """Id of the viewer link."""
    limits: KeyLimits = field(default_factory=KeyLimits)

    def may(self, role: Role, room: str | None = None) -> bool:
        """Whether it has a role, in a room if one is meant."""
        has = any(role in _INCLUDES[own] for own in self.roles)
        return has and (room is None or self.may_enter(room))

    def may_enter(self, room: str) -> bool:
        """Whether a room is one of its own."""
        return any(fnmatchcase(room, pattern) for pattern in self.rooms)

    @property
    def name(self) -> str:
        """What it is called in logs and in the books of the limits; holds no secret."""
        return f"{self.kind}:{self.key or self.link or ''}"


ANYBODY = Principal(Kind.ANONYMOUS, frozenset(Role))
"""Everybody, while no keys are configured."""

NOBODY = Principal(Kind.ANONYMOUS, frozenset(), ())
"""Somebody who has shown nothing yet, and may only show it later."""


def is_room_pattern(text: str) -> bool:
    """Whether a text can stand for rooms: the characters of their names, and ``*``."""
    return _PATTERN.fullmatch(text) is not None
