"""A room as a viewer's page sees it, with the test in the place of its server and its speakers."""

from __future__ import annotations

import json
import time
from typing import Any

from playwright.async_api import Page

from livecaption.core.timeline import iso_time
from tests.e2e.fake_server import Conversation, FakeServer

__all__ = ["ATTACK", "RoomOnStage", "final", "kept", "overflow"]

STARTED_AT = iso_time(time.time())
"""Of the only session: just now, or a page would take it that the speaker had been silent since."""
ATTACK = '<img src=x onerror="window.attacked = true">'


def final(number: int, text: str, **fields: Any) -> dict[str, Any]:
    """A closed utterance as a room sends it; number is its seq, utterance and offset."""
    usual: dict[str, Any] = {
        "session": "s_a",
        "speaker": None,
        "seq": number,
        "utterance": number,
        "offset": number,
        "start": 5.0 * number,
        "end": 5.0 * number + 4,
        "language": "en",
        "words": [],
        "room": "main",
        "started_at": STARTED_AT,
    }
    return {"type": "final", **usual, "text": text, **fields}


def kept(settings: Any) -> str:
    """A script that puts reading settings, or some text, where a page looks for its own."""
    text = settings if isinstance(settings, str) else json.dumps(settings)
    return f"localStorage.setItem('livecaption.reading', {json.dumps(text)});"


async def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    measured: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return measured


class RoomOnStage:
    """One viewer's connection, after its ``hello``."""

    def __init__(self, conversation: Conversation, hello: dict[str, Any]) -> None:
        self.conversation = conversation
        self.hello = hello
        self._number = 0

    @classmethod
    async def open(cls, server: FakeServer) -> RoomOnStage:
        """Wait for the next viewer, and hear its hello."""
        conversation = await server.conversation()
        return cls(conversation, await conversation.message("hello"))

    @classmethod
    async def live(cls, server: FakeServer, *texts: str, **fields: Any) -> RoomOnStage:
        """A room in which somebody speaks and has said ``texts``."""
        room = await cls.open(server)
        await room.snapshot(*texts, **fields)
        await room.presence(1)
        return room

    async def snapshot(self, *texts: str, open_utterances: Any = (), **fields: Any) -> None:
        """Say what the room holds."""
        finals = [final(i, text, **fields) for i, text in enumerate(texts, start=1)]
        self._number = len(finals)
        await self.conversation.say(
            "snapshot",
            room="main",
            offset=self._number,
            finals=finals,
            open_utterances=list(open_utterances),
        )

    async def presence(self, publishers: int, detached: int = 0) -> None:
        """Say who is there."""
        await self.conversation.say(
            "presence", room="main", publishers=publishers, detached=detached
        )

    async def final(self, text: str, **fields: Any) -> None:
        """Close the next utterance."""
        self._number += 1
        await self.conversation.say(**final(self._number, text, **fields))

    async def partial(self, text: str, **fields: Any) -> None:
        """Say words of the next utterance that may still change."""
        usual = {"revision": 1, "session": "s_a", "speaker": None, "room": "main"}
        usual["started_at"] = STARTED_AT
        await self.conversation.say(
            "partial", **{**usual, "utterance": self._number + 1, "text": text, **fields}
        )

    async def gap(self, seconds: float) -> None:
        """Say that audio was not captioned."""
        self._number += 1
        await self.conversation.say(
            "gap",
            **{"from": 5.0 * self._number, "to": 5.0 * self._number + seconds},
            seq=self._number,
            offset=self._number,
            reason="overload",
            session="s_a",
            speaker=None,
            room="main",
            started_at=STARTED_AT,
        )
