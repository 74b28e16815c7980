"""What a server that was killed left on the disk, read from a copy: the server mends its own."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livecaption.storage.store import FILE_NAME

__all__ = ["OnDisk", "read_disk"]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """The stored transcripts."""

    integrity: str
    """What ``PRAGMA integrity_check`` says; ``ok`` when all is well."""
    events: dict[tuple[str, int], dict[str, Any]]
    """Messages by session and ``seq``."""

    def missing(self, numbers: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return those of some events that are not stored."""
        return [number for number in numbers if number not in self.events]

    @property
    def holes(self) -> list[tuple[str, int]]:
        """The events that would have to be there, because later ones are."""
        last: dict[str, int] = {}
        for session, seq in self.events:
            last[session] = max(seq, last.get(session, 0))
        return self.missing((name, seq) for name, most in last.items() for seq in range(1, most))


def read_disk(directory: Path) -> OnDisk:
    """Read what is in a data directory now; its server must not be running."""
    with tempfile.TemporaryDirectory() as copy:
        for file in directory.glob(f"{FILE_NAME}*"):
            shutil.copy(file, copy)
        with closing(sqlite3.connect(Path(copy) / FILE_NAME)) as tables:
            ((integrity,),) = tables.execute("PRAGMA integrity_check").fetchall()
            rows = tables.execute("SELECT session, seq, message FROM event").fetchall()
    return OnDisk(integrity, {(session, seq): json.loads(text) for session, seq, text in rows})
