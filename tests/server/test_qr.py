"""The QR code of a room's viewer page, over real HTTP."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from urllib.parse import quote

import pytest
import segno

from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.qr import qr_svg
from tests.server.test_guard import get
from tests.serving import running_server

_STEP = re.compile(r"([Mmh])\s*(-?[\d.]+)(?:[ ,]+(-?[\d.]+))?")


def _modules(svg: bytes) -> set[tuple[int, int]]:
    """Column and row of every dark module, as a renderer paints the path's strokes."""
    root = ET.fromstring(svg)
    path = next(node for node in root.iter() if node.get("stroke") == "#000")
    x = y = 0.0
    dark = set()
    for step, first, second in _STEP.findall(path.get("d", "")):
        if step == "M":
            x, y = float(first), float(second)
        elif step == "m":
            x, y = x + float(first), y + float(second)
        else:
            dark |= {(int(x) + i, int(y)) for i in range(int(float(first)))}
            x += float(first)
    return dark


def _code_of(address: str) -> set[tuple[int, int]]:
    rows = segno.make(address, error="m", micro=False).matrix_iter(border=2)
    return {(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}


async def test_the_code_leads_to_the_viewer_page_by_the_address_that_was_asked() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        status, headers, body = await get(running, "/v1/rooms/hall-1/qr.svg")
        expected = _code_of(f"{running.http}/watch/hall-1")
        other = _code_of(f"{running.http}/watch/hall-2")
    assert status == 200
    assert headers["Content-Type"].startswith("image/svg+xml")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert _modules(body) == expected != other


async def test_the_page_behind_a_proxy_names_its_own_origin() -> None:
    allowed = ("https://cc.example",)
    async with running_server(ScriptedTranscriber(), allowed_origins=allowed) as running:
        host = running.http.removeprefix("http://")
        for origin in (f"https://{host}", "https://cc.example"):
            path = f"/v1/rooms/main/qr.svg?origin={quote(origin, safe='')}"
            status, _, body = await get(running, path)
            assert status == 200
            assert _modules(body) == _code_of(f"{origin}/watch/main")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://HOST.evil.example",
        "javascript:alert(1)",
        "https://HOST/path",
        "https://HOST?query",
        "https://HOST#fragment",
        "https://user@HOST",
        "ftp://HOST",
        "null",
        "",
    ],
)
async def test_a_code_that_leads_elsewhere_is_not_drawn(origin: str) -> None:
    async with running_server(ScriptedTranscriber()) as running:
        asked = origin.replace("HOST", running.http.removeprefix("http://"))
        status, _, body = await get(
            running, f"/v1/rooms/main/qr.svg?origin={quote(asked, safe='')}"
        )
    assert status == 400
    assert b"<svg" not in body


@pytest.mark.parametrize("room", ["a%20b", "x" * 65, "%D0%BA", "a.b"])
async def test_what_no_room_can_be_called_has_no_code(room: str) -> None:
    async with running_server(ScriptedTranscriber()) as running:
        status, _, _ = await get(running, f"/v1/rooms/{room}/qr.svg")
    assert status == 404


def test_the_picture_scales_and_is_dark_on_white_whatever_the_theme() -> None:
    root = ET.fromstring(qr_svg("https://cc.example/watch/" + "x" * 64))
    assert root.get("viewBox")
    assert root.get("width") is None
    assert {node.get("fill") for node in root.iter()} & {"#fff"}
