"""The keys in a server's data directory, with the secret behind them, opened for a command."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from livecaption.access.key_text import KEY_PREFIX, new_key
from livecaption.errors import OperatorError
from livecaption.settings import Settings, load_settings
from livecaption.storage.keys import KeyRecord, KeyStore
from livecaption.storage.pepper import Pepper, find_pepper

__all__ = ["KeyBook", "with_keys"]

T = TypeVar("T")


class KeyBook:
    """The keys and the secret that goes with them."""

    def __init__(self, store: KeyStore, settings: Settings) -> None:
        self.store = store
        self._directory = settings.data
        self._given = settings.pepper.get_secret_value() if settings.pepper else None

    @property
    def known_pepper(self) -> Pepper | None:
        """The secret; None before the first key was made, or when its file was lost."""
        return find_pepper(self._directory, self._given, make=False)

    async def pepper(self) -> Pepper:
        """Return the secret for a new key; the first key draws it.

        Raises:
            OperatorError: there are keys, but their secret was lost: a new one would lock them out
                for good.
        """
        now = time.time()
        first = not any(record.is_good(now) for record in await self.store.all())
        pepper = find_pepper(self._directory, self._given, make=first)
        if pepper is None:
            raise OperatorError(
                f"The secret behind the keys is gone from {self._directory}: restore the file "
                "pepper from a backup, or revoke all keys, which open nothing without it."
            )
        return pepper

    async def find(self, key: str) -> KeyRecord:
        """Return the key with that id; a whole key is understood, too."""
        wanted = key.removeprefix(KEY_PREFIX)[: len(new_key().id)]
        for record in await self.store.all():
            if record.id == wanted:
                return record
        raise OperatorError(f"There is no key {wanted}; see livecaption keys list.")


def with_keys(
    data_dir: Path | None, config: Path | None, work: Callable[[KeyBook], Coroutine[Any, Any, T]]
) -> T:
    """Do something with the keys.

    Args:
        data_dir: the server's; None for that of the settings.
        config: the server's; None for none.
        work: what is done.

    Raises:
        OperatorError: they cannot be had, or what ``work`` raises.
    """
    settings = load_settings(config, data_dir=data_dir)

    async def working() -> T:
        async with _book(settings) as book:
            return await work(book)

    try:
        return asyncio.run(working())
    except sqlite3.Error as exc:
        raise OperatorError(f"The keys in {settings.data} cannot be changed: {exc}.") from None


@asynccontextmanager
async def _book(settings: Settings) -> AsyncIterator[KeyBook]:
    store = await KeyStore.open(settings.data)
    try:
        yield KeyBook(store, settings)
    finally:
        await store.aclose()
