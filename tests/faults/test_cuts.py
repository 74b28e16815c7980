"""The real client and the real server, and a network that fails in every way there is.

Outages are short here; ``python -m bench cuts`` has them of up to a minute, with a real model.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from livecaption.client import ConnectionOptions, RetryPolicy, paced, publish
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.hypothesis import text_of
from livecaption.engine.scripted import ScriptedTranscriber
from tests.faults.heard import Heard
from tests.faults.network import Fault, FaultyNetwork, Outage
from tests.faults.plan import Cut, plan_cuts
from tests.faults.talk import talk
from tests.serving import Running, running_server

SEED = 4
AUDIO, WORDS = talk(9.0)
TEXT = text_of(WORDS).strip()
"""No two words alike: one that is missing, or that is there twice, cannot hide."""

HASTY = ConnectionOptions(quiet_s=1.6, retry=RetryPolicy(eager=0.3))
"""Notices soon, so that several outages fit into a short test."""


async def blocks(audio: Samples) -> AsyncIterator[Samples]:
    for at in range(0, len(audio), SAMPLE_RATE // 10):
        yield audio[at : at + SAMPLE_RATE // 10]


async def fail_as_planned(network: FaultyNetwork, cuts: list[Cut]) -> list[Outage]:
    outages = []
    for cut in cuts:
        await asyncio.sleep(cut.after_s)
        outages.append(await network.fail(cut.fault, cut.outage_s, cut.share))
    return outages


async def speak(
    running: Running, room: str, cuts: list[Cut], audio: Samples = AUDIO
) -> tuple[Heard, list[Outage]]:
    """Publish at speaking speed over a network that fails; return both accounts."""
    heard = Heard(asyncio.get_running_loop().time)
    async with asyncio.timeout(40), FaultyNetwork(running.port) as network:
        failing = asyncio.create_task(fail_as_planned(network, cuts))
        sound = paced(blocks(audio))
        async with publish(network.url, sound, options=HASTY, room=room) as captions:
            async for event in captions:
                heard.take(event)
        return heard, await failing


async def test_no_fault_of_the_network_loses_or_repeats_a_word() -> None:
    cuts = plan_cuts(SEED, 2 * len(Fault), outage_s=(0.1, 2.5), after_s=(2.2, 2.8))
    plans = [cuts[speaker::8] for speaker in range(8)]
    assert Counter(cut.fault for cut in cuts) == dict.fromkeys(Fault, 2)
    async with running_server(ScriptedTranscriber(WORDS), max_hop=0.5) as running:
        rooms = [f"room-{speaker}" for speaker in range(len(plans))]
        runs = await asyncio.gather(
            *(speak(running, room, plan) for room, plan in zip(rooms, plans, strict=True))
        )
        transcripts = [await running.hub.store.transcript(room) for room in rooms]
    for plan, (heard, outages), transcript in zip(plans, runs, transcripts, strict=True):
        assert [outage.fault for outage in outages] == [cut.fault for cut in plan]
        assert heard.broken == []
        assert heard.text == TEXT, plan
        assert " ".join(line.text for line in transcript.lines if line.text) == TEXT
        assert heard.sessions == 1
        assert heard.gaps == []
        assert heard.closed is not None
        assert heard.closed.audio_s == round(len(AUDIO) / SAMPLE_RATE, 3)
        assert heard.closed.lost_s == 0
