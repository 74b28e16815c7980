"""Writes as SQL, each with the values for its placeholders."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any, assert_never

from livecaption.storage.records import (
    SessionEnded,
    SessionOpened,
    SessionProgress,
    StoredEvent,
    Write,
)

__all__ = ["statement_of"]


def statement_of(write: Write) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that writes one thing down, and its values."""
    match write:
        case StoredEvent():
            return (
                "INSERT INTO event (room, offset, session, seq, kind, at, message) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                astuple(write),
            )
        case SessionProgress():
            at = write.checkpoint
            return (
                "UPDATE session SET clock = ?, seq = ?, utterances = ?, captioned = ?, "
                "silent = ?, lost = ?, language = ? WHERE id = ?",
                (
                    at.clock,
                    at.seq,
                    at.utterances,
                    at.captioned,
                    at.silent,
                    at.lost,
                    at.language,
                    write.session,
                ),
            )
        case SessionOpened():
            return (
                "INSERT INTO session (id, room, token_hash, started_at, start) "
                "VALUES (?, ?, ?, ?, ?)",
                (write.session, write.room, write.token_hash, write.started_at, write.start),
            )
        case SessionEnded():
            return (
                "UPDATE session SET ended_at = ?, reason = ? WHERE id = ?",
                (write.at, write.reason, write.session),
            )
        case _:
            assert_never(write)
