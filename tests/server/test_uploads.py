from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecaption.errors import ClientError, OperatorError
from livecaption.server import uploads
from livecaption.server.multipart_form import FormReader
from livecaption.settings import Settings
from tests.media.bytewise import wav_with
from tests.server.files import hearing, send
from tests.serving import Running, within

TYPE = "multipart/form-data; boundary=frontier"


def form(*parts: tuple[str, bytes], end: bytes = b"--frontier--\r\n") -> bytes:
    """A form; a part is its Content-Disposition and its content."""
    written = b""
    for disposition, content in parts:
        head = f"--frontier\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
        written += head.encode() + content + b"\r\n"
    return written + end


FORM = form(
    ('name="language"', b"en"),
    ('name="file"; filename="talk.wav"', b"one\r\n--two\r\n--frontiers are not the end" * 50),
    ('name="a[]"', b"1"),
    ('name="a[]"', "zwölf".encode()),
)


@settings(max_examples=100)
@given(st.data())
def test_a_form_may_be_cut_anywhere(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(FORM)), max_size=8)))
    reader = FormReader(TYPE)
    edges = [0, *cuts, len(FORM)]
    file = b"".join(reader.feed(FORM[a:b]) for a, b in pairwise(edges))
    reader.finish()
    assert file == b"one\r\n--two\r\n--frontiers are not the end" * 50
    assert reader.file_name == "talk.wav"
    assert reader.fields == {"language": ["en"], "a[]": ["1", "zwölf"]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\talk.wav", "talk.wav"),
        ("a\x1b[2J.wav", "a[2J.wav"),
        ("x" * 1000, "x" * 255),
        ("", ""),
    ],
)
def test_a_name_is_for_people_and_never_a_path(name: str, shown: str) -> None:
    reader = FormReader(TYPE)
    reader.feed(form((f'name="file"; filename="{name}"', b"x")))
    assert reader.file_name == shown


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_form"),
        (b"nonsense", "bad_form"),
        (form(("", b"no name")), "bad_form"),
        (form(('name="other"', b"x")), "no_file"),
        (form(('name="file"', b"x"), ('name="file"', b"y")), "bad_form"),
        (form(('name="file"', b"x"), end=b""), "bad_form"),
        (form(('name="audio"; filename="a.wav"', bytes(300_000))), "no_file"),
        (form(*[(f'name="f{n}"', b"x") for n in range(200)]), "bad_form"),
        (form(('name="long"', bytes(300_000))), "bad_form"),
        (form(*[(f'name="{"n" * 3900}{n}"', b"") for n in range(90)]), "bad_form"),
    ],
)
def test_a_form_that_is_none_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        reader = FormReader(TYPE)
        reader.feed(body)
        reader.finish()
    assert refused.value.code == code


@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"]
)
async def test_other_bodies_are_refused(kind: str) -> None:
    with pytest.raises(ClientError, match="multipart/form-data"):
        FormReader(kind)
    async with hearing() as running, httpx2.AsyncClient() as client:
        answer = await client.post(
            f"{running.http}/transcribe", content=b"{}", headers={"Content-Type": kind}
        )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_form")


async def streamed(running: Running, megabytes: int, *, declared: bool) -> httpx2.Response:
    """Send a form of so many megabytes piece by piece."""
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    head += wav_with(1, 16_000, b"", claimed=megabytes * 1_000_000)
    end = b"\r\n--frontier--\r\n"
    piece = bytes(1_000_000)

    async def body() -> AsyncIterator[bytes]:
        yield head
        for _ in range(megabytes):
            yield piece
        yield end

    headers = {"Content-Type": TYPE}
    if declared:
        length = len(head) + megabytes * len(piece) + len(end)
        headers["Content-Length"] = str(length)
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.post(f"{running.http}/transcribe", content=body(), headers=headers)


@pytest.mark.parametrize("declared", [True, False])
async def test_a_file_over_the_limit_is_refused_in_words(declared: bool) -> None:
    async with hearing(max_upload_mb=3) as running:
        assert (await streamed(running, 2, declared=declared)).status_code == 200
        answer = await streamed(running, 12, declared=declared)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert "3 MB" in answer.json()["error"]["message"]
        assert (await send(running, "/transcribe")).status_code == 200


async def test_an_upload_is_on_the_disk_and_nowhere_else(tmp_path: Path) -> None:
    """The peak of this process, which is server and client, does not grow with the file."""
    async with hearing(spool_dir=tmp_path, wait_file_s=3600) as running:
        await streamed(running, 1, declared=False)
        before = forget_peak()
        assert (await streamed(running, 60, declared=False)).status_code == 200
        assert peak_kib() - before < 32_000
        assert os.listdir(tmp_path) == []


def forget_peak() -> int:
    """Let the peak be what it is now; proc(5), /proc/pid/clear_refs."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_kib()


def peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


async def test_who_asks_first_need_not_send_what_is_too_large() -> None:
    async with hearing(max_upload_mb=1) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(
            b"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n"
            + f"Content-Type: {TYPE}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        async with asyncio.timeout(10):
            assert b" 413 " in await reader.readline()
        writer.close()


async def half_sent(running: Running) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(
        b"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n"
        + f"Content-Type: {TYPE}\r\n\r\n".encode()
        + FORM[:300]
    )
    await writer.drain()
    return reader, writer


async def test_a_client_that_leaves_in_the_middle_frees_its_place() -> None:
    async with hearing() as running:
        _, writer = await half_sent(running)
        await within(lambda: running.hub.uploads.under_way == 1)
        writer.close()
        await within(lambda: running.hub.uploads.under_way == 0)


async def test_a_client_that_sends_nothing_more_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "_CHUNK_TIMEOUT_S", 0.1)
    async with hearing() as running:
        reader, writer = await half_sent(running)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
        assert b" 400 " in head.splitlines()[0]
        writer.close()


async def test_only_so_many_are_on_their_way_at_once() -> None:
    async with hearing() as running:
        running.hub.uploads._most_at_once = 1
        _, writer = await half_sent(running)
        await within(lambda: running.hub.uploads.under_way == 1)
        answer = await send(running, "/transcribe")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "full")
        assert "retry-after" in answer.headers
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_full_disk_is_not_the_clients_fault(tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    async with hearing(spool_dir=missing) as running:
        answer = await send(running, "/transcribe")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_space")
    assert os.fspath(missing) not in json.dumps(answer.json())


async def test_a_file_on_its_way_when_the_server_stops_is_refused_in_words() -> None:
    piece = bytes(100_000)
    async with hearing() as running:

        async def body() -> AsyncIterator[bytes]:
            yield form(('name="file"; filename="a.wav"', b"RIFF"), end=b"").removesuffix(b"\r\n")
            await within(lambda: running.hub.uploads.under_way == 1, 30)
            running.hub.draining = True
            running.hub.uploads.stop()
            yield piece

        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(
                f"{running.http}/transcribe", content=body(), headers={"Content-Type": TYPE}
            )
        running.hub.draining = False
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "going_away"
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("place", ["missing", "file"])
def test_a_place_for_files_that_is_none_is_said_at_the_start(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=f"spool_dir.*{place}"):
        uploads.try_spool(Settings(spool_dir=tmp_path / place))


def test_a_place_for_files_is_tried_without_a_trace(tmp_path: Path) -> None:
    uploads.try_spool(Settings(spool_dir=tmp_path))
    assert os.listdir(tmp_path) == []
    uploads.try_spool(Settings())
