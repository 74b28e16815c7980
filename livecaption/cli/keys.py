"""``livecaption keys``: make, list, take back and renew a server's keys, also while it runs."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from livecaption.access.key_text import KeyText, new_key
from livecaption.access.rates import parse_rate
from livecaption.access.roles import EVERY_ROOM, KeyLimits, Role, is_room_pattern
from livecaption.cli.key_book import KeyBook, with_keys
from livecaption.cli.key_words import described, listed, rooms_in_words, state_of, table, when
from livecaption.cli.terminal import report
from livecaption.errors import OperatorError
from livecaption.storage.keys import KeyRecord

__all__ = ["add", "list_keys", "revoke", "rotate"]

_UNITS_S = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdw])")

DataDir = Annotated[
    Path | None,
    typer.Option(help="The server's --data-dir.", envvar="LIVECAPTION_DATA_DIR"),
]
Config = Annotated[
    Path | None,
    typer.Option(help="The server's --config.", envvar="LIVECAPTION_CONFIG"),
]
KeyId = Annotated[
    str, typer.Argument(help="Id of the key: its first ten letters and digits, as listed.")
]


def add(
    role: Annotated[
        list[Role],
        typer.Option(
            help="publish (speak, and read), watch (read), transcribe (files) or admin (all); "
            "repeat for more.",
            show_default=False,
        ),
    ],
    label: Annotated[str, typer.Option(help="Whose it is, or what it is for.")] = "",
    room: Annotated[
        list[str] | None,
        typer.Option(
            help="A room it is for, or a pattern like lecture-*; repeat for more.",
            show_default="every room",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="Good for so long: 12h, 30d, 4w.", show_default="for ever"),
    ] = None,
    streams: Annotated[
        int | None, typer.Option(help="Most speakers at once.", min=1, show_default="the server's")
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Files to transcribe, such as 30/minute.", show_default="the server's"),
    ] = None,
    upload_mb: Annotated[
        int | None,
        typer.Option(help="Megabytes uploaded in a day.", min=1, show_default="the server's"),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Most jobs queued or running.", min=1, show_default="the server's"),
    ] = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Make a key and print it, once: only a hash of it is kept.

    The key alone goes to standard output. A running server takes it within seconds.
    """
    rooms = tuple(room or EVERY_ROOM)
    for pattern in rooms:
        if not is_room_pattern(pattern):
            raise OperatorError(
                f"{pattern!r} is no room: letters, digits, hyphens, underscores, and * for any."
            )
    limits = KeyLimits(streams, _checked_rate(rate), upload_mb, jobs)
    now = time.time()
    expires_at = None if expires is None else now + _seconds(expires)

    async def adding(book: KeyBook) -> KeyText:
        text, pepper = new_key(), await book.pepper()
        record = KeyRecord(text.id, pepper.digest(text.whole), pepper.mark, label, frozenset(role))
        await book.store.add(
            replace(record, rooms=rooms, limits=limits, created_at=now, expires_at=expires_at)
        )
        return text

    text = with_keys(data_dir, config, adding)
    report(f"Key {text.id} may {listed(role)} in {rooms_in_words(rooms)}. It is shown only now:")
    typer.echo(text.whole.decode())


def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """List the keys, also those that are no longer good; never the keys themselves."""

    async def listing(book: KeyBook) -> tuple[list[KeyRecord], bytes]:
        pepper = book.known_pepper
        return await book.store.all(), pepper.mark if pepper else b""

    records, mark = with_keys(data_dir, config, listing)
    now = time.time()
    if as_json:
        for record in records:
            typer.echo(json.dumps(described(record, state_of(record, mark, now))))
        return
    if not records:
        report("There are no keys; the server lets everybody in who can reach it.")
        return
    for line in table([(record, state_of(record, mark, now)) for record in records]):
        typer.echo(line)


def revoke(key: KeyId, data_dir: DataDir = None, config: Config = None) -> None:
    """Take a key back; what is open with it is closed within seconds."""

    async def revoking(book: KeyBook) -> KeyRecord:
        record = await book.find(key)
        await book.store.revoke(record.id, time.time())
        return record

    record = with_keys(data_dir, config, revoking)
    report(f"Key {record.id} is taken back.")


def rotate(
    key: KeyId,
    overlap: Annotated[
        str, typer.Option(help="How long the old one stays good: 0, 30m, 24h, 7d.")
    ] = "24h",
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Make a new key with the rights of an old one, which ends after a while; print it, once."""
    now = time.time()
    until = now + (0 if overlap == "0" else _seconds(overlap))

    async def rotating(book: KeyBook) -> KeyText:
        old = await book.find(key)
        if old.revoked_at is not None:
            raise OperatorError(f"Key {old.id} was taken back; make a new one with keys add.")
        text, pepper = new_key(), await book.pepper()
        lifetime = None if old.expires_at is None else old.expires_at - old.created_at
        new = replace(
            old,
            id=text.id,
            digest=pepper.digest(text.whole),
            pepper_mark=pepper.mark,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            used_at=None,
        )
        await book.store.replace(old.id, new, until)
        return text

    text = with_keys(data_dir, config, rotating)
    report(f"Key {text.id} is the new one; the old one is good until {when(until)}.")
    typer.echo(text.whole.decode())


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise OperatorError(f"{text!r} is no time; write one like 30m, 12h, 30d or 4w.")
    return float(int(found[1]) * _UNITS_S[found[2]])


def _checked_rate(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        if parse_rate(text) is None:
            raise ValueError("a key cannot be without a rate; give it a high one")
    except ValueError as exc:
        raise OperatorError(f"--rate: {exc}.") from None
    return text
