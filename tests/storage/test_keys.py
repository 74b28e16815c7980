"""Keys in the database, beside a server that uses it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from livecaption.access.roles import KeyLimits, Role
from livecaption.storage.keys import KeyRecord, KeyStore
from livecaption.storage.pepper import PEPPER_FILE, find_pepper
from livecaption.storage.store import FILE_NAME, TranscriptStore


def record(id_: str, **given: object) -> KeyRecord:
    return KeyRecord(id_, b"digest", b"mark", "label", frozenset({Role.WATCH}), **given)  # type: ignore[arg-type]


async def test_a_key_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    store = await KeyStore.open(tmp_path)
    stored = record(
        "a",
        rooms=("x-*", "y"),
        limits=KeyLimits(streams=2, requests="3/hour", upload_mb=4, jobs=5),
        created_at=1.0,
        expires_at=2.0,
    )
    await store.add(stored)
    assert await store.all() == [stored]
    await store.note_use({"a": 7.0})
    await store.note_use({"a": 6.0})
    (used,) = await store.all()
    assert used.used_at == 7.0, "a late note does not turn the clock back"
    await store.aclose()


async def test_a_renewal_happens_whole_or_not_at_all(tmp_path: Path) -> None:
    store = await KeyStore.open(tmp_path)
    await store.add(record("a"))
    await store.add(record("b"))
    with pytest.raises(sqlite3.IntegrityError):
        await store.replace("a", record("b"), 5.0)
    assert [key.expires_at for key in await store.all()] == [None, None]
    await store.replace("a", record("c"), 5.0)
    await store.replace("a", record("d"), 9.0)
    assert {key.id: key.expires_at for key in await store.all()} == {
        "a": 5.0, "b": None, "c": None, "d": None,
    }  # fmt: skip
    await store.aclose()


async def test_keys_and_transcripts_share_a_file_while_both_write(tmp_path: Path) -> None:
    transcripts = await TranscriptStore.open(tmp_path)
    keys = await KeyStore.open(tmp_path)
    writing = [
        transcripts.execute(
            "INSERT INTO link (id, room, token_hash, created_at) VALUES (?, ?, ?, ?)",
            (f"l{n}", "main", bytes([n]), 0.0),
        )
        for n in range(20)
    ]

    async def adding() -> None:
        for n in range(20):
            await keys.add(record(f"k{n}"))

    await asyncio.gather(adding(), *writing)
    assert len(await keys.all()) == 20
    await keys.aclose()
    await transcripts.aclose()


async def test_many_that_open_a_new_directory_at_once_make_one_set_of_tables(
    tmp_path: Path,
) -> None:
    stores = await asyncio.gather(*(KeyStore.open(tmp_path) for _ in range(8)))
    await asyncio.gather(*(store.add(record(f"k{n}")) for n, store in enumerate(stores)))
    assert len(await stores[0].all()) == 8
    for store in stores:
        await store.aclose()


async def test_tables_of_the_version_before_are_brought_up(tmp_path: Path) -> None:
    store = await TranscriptStore.open(tmp_path)
    await store.aclose()
    with sqlite3.connect(tmp_path / FILE_NAME) as old:
        old.executescript("DROP TABLE api_key; PRAGMA user_version = 1")
    old.close()
    keys = await KeyStore.open(tmp_path)
    await keys.add(record("a"))
    assert len(await keys.all()) == 1
    await keys.aclose()


async def test_what_only_a_newer_version_knows_changes_nothing_here(tmp_path: Path) -> None:
    keys = await KeyStore.open(tmp_path)
    await keys.add(record("a"))
    with sqlite3.connect(tmp_path / FILE_NAME) as newer:
        newer.execute("UPDATE api_key SET roles = 'watch conduct', limits = '{\"solos\": 1}'")
    newer.close()
    (key,) = await keys.all()
    assert (set(key.roles), key.limits) == ({Role.WATCH}, KeyLimits())
    await keys.aclose()


async def test_whoever_makes_the_secret_first_wins(tmp_path: Path) -> None:
    made = await asyncio.gather(
        *(asyncio.to_thread(find_pepper, tmp_path, None, make=True) for _ in range(8))
    )
    assert len({pepper.secret for pepper in made if pepper}) == 1
    assert os.listdir(tmp_path) == [PEPPER_FILE], "nothing is left over"
    assert made[0] is not None
    assert made[0].secret.decode() not in repr(made[0])
