"""What ``livecaption keys`` says of a key: never the key itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from livecaption.access.roles import EVERY_ROOM, Role
from livecaption.storage.keys import KeyRecord

__all__ = ["described", "listed", "rooms_in_words", "state_of", "table", "when"]


def state_of(record: KeyRecord, mark: bytes, now: float) -> str:
    """Return good, expired, revoked, or unusable: made under another secret.

    Args:
        record: the key.
        mark: of the secret that the server has.
        now: seconds since the epoch.
    """
    if record.revoked_at is not None:
        return "revoked"
    if not record.is_good(now):
        return "expired"
    return "good" if record.pepper_mark == mark else "unusable"


def table(keys: Sequence[tuple[KeyRecord, str]]) -> Iterable[str]:
    """Yield the lines of a table: of each key, and its state."""
    rows: list[tuple[str, ...]] = [
        ("ID", "STATE", "ROLES", "ROOMS", "EXPIRES", "LAST USED", "LABEL")
    ]
    rows += [_row(record, state) for record, state in keys]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _row(record: KeyRecord, state: str) -> tuple[str, ...]:
    return (
        record.id,
        state,
        listed(record.roles),
        rooms_in_words(record.rooms),
        when(record.expires_at) if record.expires_at else "never",
        when(record.used_at) if record.used_at else "never",
        record.label,
    )


def described(record: KeyRecord, state: str) -> dict[str, Any]:
    """Return a key as JSON takes it; times in seconds since the epoch."""
    return {
        "id": record.id,
        "state": state,
        "label": record.label,
        "roles": sorted(record.roles),
        "rooms": list(record.rooms),
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
        "used_at": record.used_at,
        "limits": {
            "streams": record.limits.streams,
            "requests": record.limits.requests,
            "upload_mb": record.limits.upload_mb,
            "jobs": record.limits.jobs,
        },
    }


def listed(roles: list[Role] | frozenset[Role]) -> str:
    """Return roles in a row."""
    return ",".join(sorted(roles))


def rooms_in_words(rooms: tuple[str, ...]) -> str:
    """Return rooms in a row."""
    return "every room" if rooms == EVERY_ROOM else ",".join(rooms)


def when(at: float) -> str:
    """Return a time, given in seconds since the epoch."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
