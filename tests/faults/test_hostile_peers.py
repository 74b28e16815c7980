"""After abuse a server has what it had before: memory, descriptors, and an ear for others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.faults.hostile_peers import abused
from tests.faults.killable import SCRIPTED, KillableServer
from tests.serving import within

EACH = 10
IMPATIENT = {
    "HEAD_TIMEOUT_S": "1",
    "START_TIMEOUT_S": "1",
    "PING_S": "1",
    "STALL_S": "1",
    "STORE": "false",
}
GROWTH = 16_000_000
"""Bytes that memory may grow by from one round of abuse to the next; allocators are no accountants.
A single flood that is kept is 20 MB."""


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux does")
async def test_abuse_leaves_nothing_behind_and_keeps_nobody_out(tmp_path: Path) -> None:
    async with KillableServer(tmp_path, IMPATIENT, (*SCRIPTED, "1")) as server:
        process = process_of(server)
        before = process.num_fds()
        sizes = []
        for _ in range(2):
            async with abused(server.port, EACH):
                assert (await server.get("/healthz"))[0] == 200
                # They still hold on to their sockets; the server does not.
                await within(nothing_held(process, before), 120)
            sizes.append(process.memory_info().rss)
        assert sizes[1] - sizes[0] < GROWTH
        assert server.troubles() == []
        process.terminate()
        await within(lambda: not process.is_running() or is_zombie(process), 60)


def nothing_held(process: psutil.Process, before: int) -> Callable[[], bool]:
    return lambda: process.num_fds() <= before


def is_zombie(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_ZOMBIE)


def process_of(server: KillableServer) -> psutil.Process:
    return next(
        child
        for child in psutil.Process().children()
        if SCRIPTED[1] in child.cmdline() and str(server.port) in child.environ().values()
    )
