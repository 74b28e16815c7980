"""A word list in a running server: nobody reads a listed word, wherever they read."""

from __future__ import annotations

import json
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.protocol.limits import SUBPROTOCOL
from tests.script import speech as said
from tests.serving import events_until, open_publisher, receive, running_server, speech


async def test_partials_deltas_finals_snapshots_and_transcripts_hold_what_the_list_says(
    tmp_path: Path,
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("huzers = users\n!damn\n", "utf-8")
    take = said("the damn huzers said Damn Huzers", ms=3000)
    engine = ScriptedTranscriber(take.words)
    async with running_server(engine, words=words) as running:
        async with open_publisher(running) as publisher:
            for _ in range(6):
                await publisher.send(speech(0.5))
            await publisher.send(json.dumps({"type": "finalize"}))
            heard = await events_until(publisher, "finalized")
        async with connect(
            f"{running.ws}/ws/watch", subprotocols=[Subprotocol(SUBPROTOCOL)]
        ) as watcher:
            snapshot = await receive(watcher)
        transcript = await running.hub.store.transcript("main")
    texts = [event["text"] for event in heard if "text" in event]
    assert len(texts) > 2
    (final,) = [event for event in heard if event["type"] == "final"]
    assert final["text"] == "the **** users said **** Users"
    assert "".join(event["text"] for event in heard if event["type"] == "delta") == final["text"]
    kept = json.dumps([heard, snapshot]) + repr(transcript)
    assert "amn" not in kept
    assert "uzers" not in kept
