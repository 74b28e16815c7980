"""``livecaption keys``, as a person types it; in this process, because it starts often."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from livecaption.access.key_text import read_key
from livecaption.access.roles import Role
from livecaption.cli import app
from livecaption.errors import OperatorError
from livecaption.server.key_ring import KeyRing
from livecaption.settings import load_settings
from livecaption.storage.pepper import PEPPER_FILE
from livecaption.storage.store import FILE_NAME, TranscriptStore


def run(data: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(app, ["keys", *arguments, "--data-dir", str(data)])
    if isinstance(done.exception, OperatorError):
        return done
    assert done.exit_code == 0, done.output
    return done


def complaint(data: Path, *arguments: str) -> str:
    done = run(data, *arguments)
    assert isinstance(done.exception, OperatorError)
    return str(done.exception)


def add(data: Path, *arguments: str) -> str:
    return run(data, "add", *arguments).stdout.strip()


def listed(data: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in run(data, "list", "--json").stdout.splitlines()]


def test_a_key_is_printed_alone_and_opens_what_it_was_made_for(tmp_path: Path) -> None:
    options = ["--role", "publish", "--role", "transcribe", "--room", "lecture-*"]
    options += ["--label", "Hall 1", "--expires", "30d", "--streams", "3", "--rate", "10/hour"]
    key = add(tmp_path, *options, "--upload-mb", "50", "--jobs", "1")
    text = read_key(key.encode())
    assert text is not None

    async def holder() -> None:
        ring = await KeyRing.open(load_settings(None, data_dir=tmp_path))
        found = ring.find(key.encode())
        await ring.aclose()
        assert found.roles == {Role.PUBLISH, Role.TRANSCRIBE}
        assert found.rooms == ("lecture-*",)
        limits = found.limits
        given = (limits.streams, limits.requests, limits.upload_mb, limits.jobs)
        assert given == (3, "10/hour", 50, 1)

    asyncio.run(holder())
    (known,) = listed(tmp_path)
    assert (known["id"], known["state"], known["label"]) == (text.id, "good", "Hall 1")
    table = run(tmp_path, "list").stdout
    assert text.id in table
    assert "lecture-*" in table
    assert key not in table + json.dumps(known)


def test_nothing_on_the_disk_holds_a_key_or_is_open_to_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = add(data, "--role", "admin")
    for name in (PEPPER_FILE, FILE_NAME):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for path in data.iterdir():
        assert key.encode()[14:] not in path.read_bytes()


def test_keys_can_be_made_while_a_server_has_the_directory(tmp_path: Path) -> None:
    async def serving() -> None:
        store = await TranscriptStore.open(tmp_path)
        ring = await KeyRing.open(load_settings(None, data_dir=tmp_path))
        assert not ring.is_on
        key = await asyncio.to_thread(add, tmp_path, "--role", "watch")
        await ring.refresh()
        assert ring.find(key.encode()).may(Role.WATCH)
        await ring.aclose()
        await store.aclose()

    asyncio.run(serving())


def test_a_key_that_is_taken_back_stays_in_the_list(tmp_path: Path) -> None:
    key = add(tmp_path, "--role", "watch")
    run(tmp_path, "revoke", key)
    (known,) = listed(tmp_path)
    assert known["state"] == "revoked"
    run(tmp_path, "revoke", key[4:14])
    assert listed(tmp_path) == [known], "and keeps the time at which it was taken back"


def test_a_renewed_key_has_the_rights_of_the_old_one_which_ends_later(tmp_path: Path) -> None:
    old = add(tmp_path, "--role", "publish", "--room", "hall", "--expires", "30d")
    new = run(tmp_path, "rotate", old[4:14], "--overlap", "1h").stdout.strip()
    assert new != old
    first, second = listed(tmp_path)
    assert [first["roles"], first["rooms"]] == [second["roles"], second["rooms"]]
    assert [first["state"], second["state"]] == ["good", "good"]
    assert isinstance(first["expires_at"], float)
    assert isinstance(second["expires_at"], float)
    assert second["expires_at"] - first["expires_at"] == pytest.approx(30 * 86_400 - 3600, abs=60)
    run(tmp_path, "rotate", new[4:14], "--overlap", "0")
    assert [key["state"] for key in listed(tmp_path)] == ["good", "expired", "good"]
    run(tmp_path, "revoke", old)
    assert "taken back" in complaint(tmp_path, "rotate", old[4:14])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["add", "--role", "watch", "--room", "a b"], "is no room"),
        (["add", "--role", "watch", "--expires", "soon"], "is no time"),
        (["add", "--role", "transcribe", "--rate", "lots"], "30/minute"),
        (["add", "--role", "transcribe", "--rate", "off"], "without a rate"),
        (["revoke", "nothing123"], "There is no key nothing123"),
        (["rotate", "nothing123"], "There is no key nothing123"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    assert says in complaint(tmp_path, *arguments)


def test_a_key_needs_a_role(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["keys", "add", "--data-dir", str(tmp_path)])
    assert done.exit_code == 2
    assert "--role" in done.output


def test_without_keys_the_list_says_what_that_means(tmp_path: Path) -> None:
    assert "lets everybody in" in run(tmp_path, "list").stderr
    assert not (tmp_path / PEPPER_FILE).exists(), "looking makes no secret"


def test_a_lost_secret_is_not_replaced_behind_its_keys_backs(tmp_path: Path) -> None:
    key = add(tmp_path, "--role", "watch")
    (tmp_path / PEPPER_FILE).unlink()
    assert "restore the file" in complaint(tmp_path, "add", "--role", "watch")
    assert [known["state"] for known in listed(tmp_path)] == ["unusable"]
    run(tmp_path, "revoke", key)
    assert add(tmp_path, "--role", "watch"), "with no good key left, a new beginning is harmless"


def test_the_secret_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECAPTION_PEPPER", "p" * 32)
    add(tmp_path, "--role", "watch")
    assert not (tmp_path / PEPPER_FILE).exists()
    monkeypatch.setenv("LIVECAPTION_PEPPER", "q" * 32)
    assert [known["state"] for known in listed(tmp_path)] == ["unusable"]
    monkeypatch.setenv("LIVECAPTION_PEPPER", "short")
    assert "32 characters" in complaint(tmp_path, "add", "--role", "watch")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    add(tmp_path, "--role", "watch")
    (tmp_path / PEPPER_FILE).chmod(0)
    assert str(tmp_path / PEPPER_FILE) in complaint(tmp_path, "add", "--role", "watch")


def test_a_secret_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / PEPPER_FILE).write_bytes(b"\xff" * 40)
    assert str(tmp_path / PEPPER_FILE) in complaint(tmp_path, "add", "--role", "watch")


def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 100)
    assert FILE_NAME in complaint(tmp_path, "list")
