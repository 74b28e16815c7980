"""Connections and sessions leave nothing that only the garbage collector could free.

It seldom comes by in a server (``serving.py``), and counts objects, not bytes: ten thousand
sessions that wait for it are a hundred megabytes.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator

import pytest

from livecaption.core.session import CaptionSession
from livecaption.core.utterances import Utterances
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.socket_protocol import CaptionSocketProtocol
from tests.faults.churn import churn
from tests.serving import running_server, within

_KINDS = (CaptionSession, Utterances, CaptionSocketProtocol)
_LAST = 2


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive() -> Counter[str]:
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, _KINDS))


async def test_who_has_left_is_forgotten_without_the_garbage_collector(no_collector: None) -> None:
    async with running_server(
        ScriptedTranscriber(),
        resume_grace_s=0.05,
        admission=False,
        limit_connects="off",
    ) as running:
        await churn(running.port, 40)
        await within(lambda: not running.hub.connections and not list(running.hub.sessions), 30)
        # The last one is still in the hands of whoever waits for the next.
        await within(lambda: max(alive().values(), default=0) <= _LAST, 30)
