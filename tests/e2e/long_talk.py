"""Talk as a room hears it, as long as one likes, and an overlay under it.

The events are those of a real session in kind and rhythm: a partial every half second whose last
word is often heard wrong, committed words a little behind, a final at each pause. They may be
played faster than they were spoken.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession, Page

from livecaption.bundled import speech_clips
from tests.e2e.fake_server import Conversation
from tests.e2e.overlay_witness import TESTIMONY, WITNESS

__all__ = ["Watched", "talk", "watch_talk"]

_WORD_S = 0.34
_HOP_S = 0.5
_HELD_BACK = 3


def talk(seconds: float, seed: int = 1) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield room events with their times, in order, up to ``seconds``."""
    dice = random.Random(seed)
    sentences = _sentences()
    numbers = _Numbers()
    now = 0.0
    while now < seconds:
        voice = ("s_b", "Ben") if dice.random() < 0.2 else ("s_a", "Ada")
        events = _spoken(dice.choice(sentences), numbers.next_utterance(), now, dice)
        for at, event in events:
            now = max(now, at)
            yield at, numbers.stamped({**event, "session": voice[0], "speaker": voice[1]})
        # Mostly a breath; now and then long enough for everything to fade.
        now += 9.0 if dice.random() < 0.05 else dice.uniform(0.3, 1.2)


def _sentences() -> list[list[str]]:
    sentences: list[list[str]] = [[]]
    for word in speech_clips()[0].text.split():
        sentences[-1].append(word)
        if word[-1] in ".?!":
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


@dataclass(slots=True)
class _Numbers:
    """Counts as a room does."""

    offset: int = 0
    utterance: int = 0
    seqs: dict[str, int] = field(default_factory=dict)

    def next_utterance(self) -> int:
        self.utterance += 1
        return self.utterance

    def stamped(self, event: dict[str, Any]) -> dict[str, Any]:
        """Add what numbered events carry."""
        event = {**event, "room": "main"}
        if event["type"] == "partial":
            return event
        self.offset += 1
        session = event["session"]
        self.seqs[session] = self.seqs.get(session, 0) + 1
        return {**event, "offset": self.offset, "seq": self.seqs[session]}


def _spoken(
    words: list[str], utterance: int, start: float, dice: random.Random
) -> Iterator[tuple[float, dict[str, Any]]]:
    def joined(first: int, stop: int) -> str:
        text = " ".join(words[first:stop])
        return f" {text}" if first and text else text

    said = {"utterance": utterance, "start": round(start, 3)}
    yield start, {"type": "utterance_started", **said}
    committed = 0
    hops = int(len(words) * _WORD_S / _HOP_S) + 1
    for hop in range(1, hops + 1):
        at = start + hop * _HOP_S
        heard = min(len(words), int(hop * _HOP_S / _WORD_S))
        stands = max(committed, heard - _HELD_BACK)
        if stands > committed:
            text = joined(committed, stands)
            yield at, {"type": "delta", "utterance": utterance, "text": text, "words": []}
            committed = stands
        tail = joined(committed, heard)
        if tail and dice.random() < 0.4:
            tail = tail[: dice.randint(1, len(tail))]
        yield at, {"type": "partial", "utterance": utterance, "revision": hop, "text": tail}
    end = start + len(words) * _WORD_S + 0.6
    if committed < len(words):
        text = joined(committed, len(words))
        yield end, {"type": "delta", "utterance": utterance, "text": text, "words": []}
    yield end, {
        "type": "final", **said, "end": round(end, 3), "text": " ".join(words), "words": [],
        "language": "en",
    }  # fmt: skip


@dataclass(slots=True)
class Watched:
    """What an overlay did under a talk."""

    events: int
    rows: int
    """That became full."""
    repainted: int
    """Changes to full rows that are in sight, of their text, elements or attributes."""
    moved: int
    """Full rows found at another place on their strip."""
    shifts: int
    """Elements of the overlay in the browser's own account of layout shifts."""
    heap: list[int]
    """Bytes of JavaScript heap in use after a collection, at even distances."""
    nodes: list[int]
    """Nodes that the page holds, at the same moments."""


async def watch_talk(
    page: Page, watcher: Conversation, *, seconds: float, speed: float, samples: int = 10
) -> Watched:
    """Play a talk into an overlay that has its snapshot, and tell what it did."""
    await page.evaluate(WITNESS)
    inspector = await page.context.new_cdp_session(page)
    await inspector.send("HeapProfiler.enable")
    loop = asyncio.get_running_loop()
    began = loop.time()
    memory: list[tuple[int, int]] = []
    count = 0
    for at, event in talk(seconds):
        ahead = at / speed - (loop.time() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
        await watcher.say(**event)
        count += 1
        if at >= seconds * (len(memory) + 1) / samples:
            memory.append(await _memory(inspector))
    memory.append(await _memory(inspector))
    seen = await page.evaluate(TESTIMONY)
    return Watched(
        count, seen["rows"], seen["repainted"], seen["moved"], seen["shifts"],
        [heap for heap, _ in memory], [nodes for _, nodes in memory],
    )  # fmt: skip


async def _memory(inspector: CDPSession) -> tuple[int, int]:
    await inspector.send("HeapProfiler.collectGarbage")
    usage = await inspector.send("Runtime.getHeapUsage")
    counters = await inspector.send("Memory.getDOMCounters")
    return int(usage["usedSize"]), int(counters["nodes"])
