"""Keys for tests, made the way ``livecaption keys`` makes them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from livecaption.access.key_text import new_key
from livecaption.access.roles import Role
from livecaption.storage.keys import KeyRecord, KeyStore
from livecaption.storage.pepper import find_pepper

__all__ = ["bearer", "make_key"]


async def make_key(directory: Path, *roles: Role, **given: Any) -> str:
    """Add a key to a data directory; return it as its holder would write it."""
    pepper = find_pepper(directory, None, make=True)
    assert pepper is not None
    text = new_key()
    record = KeyRecord(
        text.id,
        pepper.digest(text.whole),
        pepper.mark,
        "test",
        frozenset(roles),
        **{"created_at": time.time(), **given},
    )
    store = await KeyStore.open(directory)
    try:
        await store.add(record)
    finally:
        await store.aclose()
    return text.whole.decode()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
