"""A store in memory, and plain HTTP requests, for the routes of a room."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from livecaption.core.transcript import Transcript, TranscriptGap, TranscriptLine
from tests.serving import Running

__all__ = ["Answer", "KeptTranscripts", "fetch", "keep"]


@dataclass(slots=True)
class KeptTranscripts:
    """What the routes need of the store."""

    rooms: dict[str, list[TranscriptLine | TranscriptGap]] = field(default_factory=dict)

    async def transcript(self, room: str) -> Transcript:
        return Transcript(room, tuple(self.rooms.get(room, ())))

    def add(self, *entries: TranscriptLine | TranscriptGap, room: str = "main") -> None:
        self.rooms.setdefault(room, []).extend(entries)


def keep(running: Running, *entries: TranscriptLine | TranscriptGap) -> KeptTranscripts:
    """Give a running server this store."""
    store = KeptTranscripts()
    if entries:
        store.add(*entries)
    vars(running.hub)["store"] = store
    return store


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    """Names in any case."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


async def fetch(running: Running, path: str, method: str = "GET", **headers: Any) -> Answer:
    """Make one request; underscores in header names stand for hyphens."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(running.http + path, headers=sent, method=method)

    def read() -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    return await asyncio.to_thread(read)
