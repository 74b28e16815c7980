"""Files to send, and who sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from livecaption.core.file_transcript import FileOptions
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.engine.scripted_files import ScriptedFiles
from tests.media.recordings import coded, tone
from tests.serving import Running, running_server

__all__ = ["WORDS", "Asked", "hearing", "send", "wav"]

WORDS = script("one two three", start=0.2) + script("four five", start=31.0)


class Asked(list[FileOptions]):
    """What the engine was asked for, window by window."""


def wav(seconds: float = 2.0) -> bytes:
    return coded(tone(seconds), "wav", "pcm_s16le", rate=16_000)


@asynccontextmanager
async def hearing(asked: Asked | None = None, **settings: Any) -> AsyncIterator[Running]:
    """A server whose engine hears WORDS in every file."""
    files = ScriptedFiles(WORDS, asked.append if asked is not None else None)
    async with running_server(ScriptedTranscriber(files=files), **settings) as running:
        yield running


async def send(
    running: Running, path: str, content: bytes | None = None, **fields: Any
) -> httpx2.Response:
    """Post a form; a field may be a list."""
    headers = fields.pop("headers", None)
    file = {"file": ("talk.wav", wav() if content is None else content, "audio/wav")}
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.post(running.http + path, files=file, data=fields, headers=headers)
